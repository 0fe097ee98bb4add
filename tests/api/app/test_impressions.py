"""Looking at a match: what the app tells of it, and what comes of it when the person applies."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.matching import impressions
from domain.matching.impressions import Impression, Shown
from domain.matching.matcher import OddsBand
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from tests.applying import AT_ONCE, BY_PARTNER, apply
from tests.phones import Answer, Phone, uuid_of

OPEN = """
mutation ($ids: [ID!]!) {
  openMatches(input: {productIds: $ids}) {
    __typename
    ... on MatchesOpened { opened }
    ... on Refused { code message field }
  }
}
"""


async def open_matches(person: Phone, *ids: str) -> Answer:
    answer: Answer = (await person.ask(OPEN, ids=list(ids)))["openMatches"]
    return answer


async def show(person: Phone, *product_ids: str) -> UUID:
    """Answers the list's id."""
    list_id = new_id()
    page = [_shown(list_id, uuid_of(id), position) for position, id in enumerate(product_ids)]
    async with transaction() as db:
        await impressions.record(db, person.user_id, page)
    return list_id


def _shown(list_id: UUID, product_id: UUID, position: int) -> Shown:
    return Shown(
        list_id=list_id,
        product_id=product_id,
        position=position,
        propensity=1.0,
        is_explored=False,
        is_personal=True,
        model_version="m1",
        odds=0.9,
        odds_band=OddsBand.VERY_HIGH,
        wish=0.2,
        value=0.1,
        columns={"age": 26.0},
    )


async def in_list(list_id: UUID) -> Sequence[Impression]:
    async with reading() as db:
        mine = select(Impression).where(Impression.list_id == list_id).order_by(Impression.position)
        return (await db.execute(mine)).scalars().all()


class TestOpening:
    async def test_marks_what_was_shown(self, member: Phone) -> None:
        list_id = await show(member, AT_ONCE, BY_PARTNER)
        assert await open_matches(member, BY_PARTNER) == {"__typename": "MatchesOpened", "opened": 1}
        assert [row.opened_at is not None for row in await in_list(list_id)] == [False, True]

    async def test_twice_is_opening_once(self, member: Phone) -> None:
        list_id = await show(member, AT_ONCE)
        first = await open_matches(member, AT_ONCE)
        (before,) = await in_list(list_id)
        assert await open_matches(member, AT_ONCE, AT_ONCE) == first
        (after,) = await in_list(list_id)
        assert before.opened_at == after.opened_at is not None

    async def test_passes_over_what_was_never_shown(self, member: Phone) -> None:
        await show(member, AT_ONCE)
        strange = [BY_PARTNER, global_id("Product", new_id()), global_id("User", member.user_id), "nonsense"]
        assert (await open_matches(member, *strange))["opened"] == 0
        assert (await open_matches(member))["opened"] == 0

    async def test_never_touches_what_others_were_shown(self, member: Phone, regular: Phone) -> None:
        list_id = await show(member, AT_ONCE)
        await open_matches(regular, AT_ONCE)
        assert [row.opened_at for row in await in_list(list_id)] == [None]

    async def test_is_limited(self, member: Phone) -> None:
        list_id = await show(member, AT_ONCE)
        refused = await open_matches(member, *[AT_ONCE] * 51)
        assert refused == {
            "__typename": "Refused",
            "code": "INVALID",
            "message": "You can open up to 50 products at a time.",
            "field": ["input", "productIds"],
        }
        assert [row.opened_at for row in await in_list(list_id)] == [None]

    async def test_needs_somebody_who_is_signed_in(self, phone: Phone) -> None:
        assert await phone.error(OPEN, ids=[AT_ONCE]) == (401, "UNAUTHENTICATED")


async def test_reading_one_match_opens_nothing(member: Phone) -> None:
    list_id = await show(member, AT_ONCE)
    await member.ask("query ($id: ID!) { node(id: $id) { id } }", id=global_id("Match", uuid_of(AT_ONCE)))
    assert [row.opened_at for row in await in_list(list_id)] == [None]


async def test_an_application_is_put_down_to_its_impression(shopper: Phone) -> None:
    list_id = await show(shopper, AT_ONCE, BY_PARTNER)
    application = await apply(shopper, BY_PARTNER)
    assert "attribute_to_showing" in await shopper.settle()
    untouched, shown = await in_list(list_id)
    assert (untouched.application_id, untouched.opened_at) == (None, None)
    assert shown.application_id == uuid_of(application["id"])
    assert shown.opened_at is not None
