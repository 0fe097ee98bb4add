"""A campaign is whole or refused where it is wrong, and a second person approves exactly what is sent, to whom, for how much."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from domain.actors import Role, StaffActor
from domain.changes import Change
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.money import Money
from membership.benefits import Segment
from membership.campaigns import approving, audiences, campaigns, scheduling
from membership.campaigns.audiences import Audience
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.campaigns.drafting import ProposedMessage
from tests.membership.campaigns.drafts import MESSAGES, approved, do, drafted
from tests.membership.campaigns.running import schedule
from tests.membership.conftest import somebody
from tests.trying import rolled_back

S = CampaignStatus
LONG = "x" * 61


async def test_a_draft_keeps_all_that_was_said(author: StaffActor) -> None:
    whom = Audience(("GOLD",), ("vip-year",), (Segment.TRANSPORT,), 60)
    made = await drafted(author, audience=whom, name=" Cinema ")
    async with reading() as db:
        kept = (await campaigns.by_ids(db, {made.id}))[made.id]
    assert (kept.name, kept.whom, kept.status, kept.author_id) == ("Cinema", whom, S.DRAFT, author.staff_id)
    assert [(each.locale, each.title) for each in kept.texts] == [
        ("zh", "周末影院"),
        ("en", "A weekend at the cinema"),
    ]
    assert (kept.budget, kept.unit_cost_minor, kept.hash) == (Money(100_000, "CNY"), 2_800, made.hash)


async def test_the_same_draft_sent_again_is_the_same_campaign(author: StaffActor) -> None:
    once, again = [await drafted(author, key="a-campaign-sent-twice") for _ in range(2)]
    assert once.id == again.id
    with pytest.raises(Refusal) as refused:
        await drafted(author, key="a-campaign-sent-twice", holdout_percent=11)
    assert refused.value.code is RefusalCode.IDEMPOTENCY_MISMATCH


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"messages": ()}, "messages"),
        ({"messages": (MESSAGES[0], MESSAGES[0])}, "messages"),
        ({"messages": (ProposedMessage("fr", "Une", "Deux", None),)}, "messages 0 locale"),
        ({"messages": (MESSAGES[0], ProposedMessage("en", LONG, "Two", None))}, "messages 1 title"),
        ({"messages": (ProposedMessage("en", "One", "Two\nThree", None),)}, "messages 0 body"),
        ({"messages": (ProposedMessage("en", "One", "Two", "javascript:alert(1)"),)}, "messages 0 link"),
        ({"benefit_code": "no-such-benefit"}, "benefitCode"),
        ({"holdout_percent": 51}, "holdoutPercent"),
        ({"holdout_percent": -1}, "holdoutPercent"),
        ({"budget": Money(2_799, "CNY")}, "budget amount"),
        ({"budget": Money(100_000, "USD")}, "budget currency"),
    ],
)
async def test_what_is_no_campaign_is_refused_where_it_is_wrong(
    author: StaffActor, changes: dict[str, Any], field: str
) -> None:
    async with reading() as db:
        before = (await db.execute(select(func.count()).select_from(Campaign))).scalar_one()
    with pytest.raises(Refusal) as refused:
        await drafted(author, **changes)
    assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, ("input", *field.split()))
    async with reading() as db:
        assert (await db.execute(select(func.count()).select_from(Campaign))).scalar_one() == before


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"tier_codes": ["GOLD", "TIN"]}, "tierCodes"),
        ({"plan_codes": ["vip-week"]}, "planCodes"),
        ({"inactive_days_at_least": 731}, "inactiveDaysAtLeast"),
        ({"inactive_days_at_least": -1}, "inactiveDaysAtLeast"),
    ],
)
async def test_an_audience_names_what_there_is(asked: dict[str, Any], field: str) -> None:
    nothing: dict[str, Any] = dict.fromkeys(Audience.__dataclass_fields__)
    async with rolled_back() as db:
        with pytest.raises(Refusal) as refused:
            await audiences.checked(db, **(nothing | asked), field=("input",))
    assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID, ("input", field))


async def test_what_was_seen_is_approved_by_somebody_else(author: StaffActor, approver: StaffActor) -> None:
    colleague, campaign = await somebody(Role.MARKETING), await drafted(author)
    assert await do(approving.approve, approver, campaign, seen=campaign.hash) is RefusalCode.NOT_OPEN
    assert await do(approving.submit, colleague, campaign) is S.SUBMITTED
    assert await do(approving.submit, author, campaign) is S.SUBMITTED
    for involved in (author, colleague):
        assert await do(approving.approve, involved, campaign, seen=campaign.hash) is RefusalCode.SECOND_PERSON_REQUIRED
    assert await do(approving.approve, approver, campaign, seen="something else") is RefusalCode.STALE
    assert await do(approving.approve, approver, campaign, seen=campaign.hash) is S.APPROVED
    assert await do(approving.approve, approver, campaign, seen=campaign.hash) is S.APPROVED
    async with reading() as db:
        steps = (await campaigns.steps_of(db, {campaign.id}))[campaign.id]
    assert [(step.status, step.by_id) for step in steps] == [
        (S.SUBMITTED, colleague.staff_id),
        (S.APPROVED, approver.staff_id),
    ]


async def test_what_is_rejected_is_a_draft_again_and_can_be_submitted_again(
    author: StaffActor, approver: StaffActor
) -> None:
    campaign = await drafted(author)
    assert await do(approving.reject, approver, campaign) is RefusalCode.NOT_OPEN
    await do(approving.submit, author, campaign)
    assert await do(approving.reject, approver, campaign, comment="x" * 1_001) is RefusalCode.INVALID
    assert await do(approving.reject, approver, campaign) is S.DRAFT
    await do(approving.submit, author, campaign)
    assert await do(approving.reject, author, campaign) is S.DRAFT
    await do(approving.submit, author, campaign)
    assert await do(approving.approve, approver, campaign, seen=campaign.hash) is S.APPROVED


async def test_another_cost_of_its_benefit_makes_a_campaign_stale(author: StaffActor, approver: StaffActor) -> None:
    campaign = await drafted(author)
    await do(approving.submit, author, campaign)
    await _cost_of("cinema-ticket", +1)
    try:
        assert await do(approving.approve, approver, campaign, seen=campaign.hash) is RefusalCode.STALE
        other = await drafted(author)
        assert other.hash != campaign.hash
    finally:
        await _cost_of("cinema-ticket", -1)
    assert await do(approving.submit, author, other) is RefusalCode.STALE
    assert await do(approving.approve, approver, campaign, seen=campaign.hash) is S.APPROVED


async def _cost_of(code: str, more: int) -> None:
    async with transaction() as db:
        change = text("UPDATE benefits SET unit_cost_minor = unit_cost_minor + :more WHERE code = :code")
        await db.execute(change, {"more": more, "code": code})


async def test_what_ended_is_over(author: StaffActor, approver: StaffActor) -> None:
    campaign = await drafted(author)
    await do(approving.submit, author, campaign)
    assert await do(scheduling.end, author, campaign) is RefusalCode.NOT_OPEN
    await do(approving.reject, author, campaign)
    assert await do(scheduling.end, author, campaign) is S.ENDED
    assert await do(scheduling.end, author, campaign) is S.ENDED
    assert await do(approving.submit, author, campaign) is RefusalCode.NOT_OPEN


async def test_every_step_says_who_took_it(author: StaffActor, approver: StaffActor) -> None:
    campaign = await approved(author, approver, name=f"Cinema {uuid4()}")
    await schedule(author, campaign, after=timedelta(days=1))
    async with reading() as db:
        its = select(Change).where(Change.noun == "campaign", Change.subject == campaign.name).order_by(Change.id)
        first, *steps = [(each.by_id, each.before, each.after) for each in (await db.execute(its)).scalars()]
    assert first[:2] == (author.staff_id, None) and first[2]["budget"] == "1000.00 CNY"
    assert [(who, left, reached["status"], len(reached)) for who, left, reached in steps] == [
        (author.staff_id, {"status": "DRAFT"}, "SUBMITTED", 1),
        (approver.staff_id, {"status": "SUBMITTED"}, "APPROVED", 1),
        (author.staff_id, {"status": "APPROVED", "startsAt": None, "endsAt": None}, "SCHEDULED", 3),
    ]


async def test_nobody_changes_what_was_drafted(author: StaffActor) -> None:
    campaign = await drafted(author)
    async with rolled_back() as db:
        with pytest.raises(IntegrityError, match="stays as it was written"):
            await db.execute(text("UPDATE campaigns SET budget_minor = 1 WHERE id = :id"), {"id": campaign.id})
