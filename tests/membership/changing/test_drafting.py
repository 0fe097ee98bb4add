"""A draft is a ladder, or is refused at the field that is wrong."""

import pytest

from domain.actors import StaffActor
from infra.database import reading
from infra.errors import Refusal, RefusalCode
from membership import rules
from membership.changing.drafting import RULES
from membership.rules import RulesStatus
from tests.membership.changing.rules import EASIER, FIRST, HARDER, Ladder, drafted


async def test_a_draft_is_the_next_version_and_judges_nobody(author: StaffActor) -> None:
    one, other = await drafted(author, EASIER), await drafted(author, HARDER)
    assert (other.version - one.version, one.status, one.author_id) == (1, RulesStatus.DRAFT, author.staff_id)
    asked = [(rule.points_at_least, rule.activity_at_least, rule.grace_days) for rule in one.ladder]
    assert tuple(asked) == EASIER
    async with reading() as db:
        assert (await rules.live(db)).version == 1


async def test_the_same_draft_sent_again_is_the_same_version(author: StaffActor) -> None:
    once, again = [await drafted(author, EASIER, key="a-draft-sent-twice") for _ in range(2)]
    assert once.id == again.id
    with pytest.raises(Refusal) as refused:
        await drafted(author, HARDER, key="a-draft-sent-twice")
    assert refused.value.code is RefusalCode.IDEMPOTENCY_MISMATCH


def with_rule(place: int, rule: tuple[int, int, int]) -> Ladder:
    return (*FIRST[:place], rule, *FIRST[place + 1 :])


@pytest.mark.parametrize(
    ("ladder", "field"),
    [
        (with_rule(2, (599, 0, 60)), "2 pointsAtLeast"),
        (with_rule(4, (780, 5, 90)), "4 activityAtLeast"),
        (with_rule(0, (1, 0, 0)), "0 pointsAtLeast"),
        (with_rule(0, (0, 1, 0)), "0 activityAtLeast"),
        (with_rule(3, (951, 6, 60)), "3 pointsAtLeast"),
        (with_rule(1, (600, -1, 30)), "1 activityAtLeast"),
        (with_rule(1, (600, 0, 731)), "1 graceDays"),
    ],
)
async def test_what_is_no_ladder_is_refused_where_it_is_wrong(author: StaffActor, ladder: Ladder, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        await drafted(author, ladder)
    assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, (*RULES, *field.split()))
