"""A campaign's budget holds however many redeem at once, and what is used stands in the ledger as any other benefit."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from domain.actors import PartnerActor, StaffActor, UserActor
from domain.ledger import accounts
from domain.ledger.kinds import AccountKind
from infra import clock
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from membership import grants, redeeming
from membership.benefits import BenefitSource
from membership.campaigns import scheduling
from membership.campaigns.budgets import CampaignBudget
from membership.campaigns.campaigns import Campaign
from membership.campaigns.results import CampaignFigures, figures_of
from membership.redemptions import Redemption
from tests.membership.campaigns.audience import crowd_of
from tests.membership.campaigns.drafts import do
from tests.membership.campaigns.running import begun, tell_everybody
from tests.membership.test_quotas import of_code

AT_ONCE = 100
CODE = "airport-transfer"  # which only the highest tier grants
COST = 18_000


async def redeem(user_id: UUID, code: str = CODE) -> Redemption | Refusal:
    async with reading() as db:
        wanted = (await of_code(db, code)).id
    try:
        async with transaction() as db:
            return await redeeming.redeem(db, UserActor(user_id, new_id()), benefit_id=wanted, key=str(uuid4()))
    except Refusal as refusal:
        return refusal


async def taken(campaign: Campaign) -> int:
    async with reading() as db:
        return (await db.get_one(CampaignBudget, campaign.id)).taken_minor


async def figures(campaign: Campaign) -> CampaignFigures:
    async with reading() as db:
        return (await figures_of(db, {campaign.id}))[campaign.id]


async def test_of_a_hundred_at_once_as_many_get_one_as_the_budget_pays_for(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(AT_ONCE)
    budget = Money(7 * COST + 1, "CNY")
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code=CODE, budget=budget)
    await tell_everybody(campaign)
    answers = await asyncio.gather(*map(redeem, crowd.people))
    issued = [each for each in answers if isinstance(each, Redemption)]
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert (len(issued), len(refused), await taken(campaign)) == (7, AT_ONCE - 7, 7 * COST)
    assert {each.campaign_id for each in issued} == {campaign.id}
    assert {(each.code, each.message) for each in refused} == {
        (RefusalCode.QUOTA_SPENT, "All of this offer has been taken.")
    }
    async with reading() as db:
        spent = text("SELECT count(*) FROM benefit_usages WHERE user_id = ANY(:people) AND used > 0")
        assert (await db.execute(spent, {"people": crowd.people})).scalar_one() == 7


async def test_a_voucher_that_is_given_back_lets_somebody_else_have_one_and_a_used_one_costs(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(2)
    first, second = crowd.people
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code=CODE, budget=Money(COST, "CNY"))
    await tell_everybody(campaign)
    issued = await redeem(first)
    assert isinstance(issued, Redemption) and isinstance(await redeem(second), Refusal)
    async with transaction() as db:
        await redeeming.cancel(db, UserActor(first, new_id()), issued.id)
    assert await taken(campaign) == 0
    other = await redeem(second)
    assert isinstance(other, Redemption)
    assert await figures(campaign) == CampaignFigures(0, 0, Money(0, "CNY"))
    async with transaction() as db:
        await redeeming.confirm(
            db, PartnerActor(new_id(), "client"), voucher=other.voucher, reference=None, key=str(uuid4())
        )
    assert await figures(campaign) == CampaignFigures(0, 1, Money(COST, "CNY"))
    async with reading() as db:
        booked = await accounts.balances_of(db, second, other.id)
    assert booked[AccountKind.BENEFITS] == COST


async def test_what_the_tier_grants_costs_the_campaign_nothing(author: StaffActor, approver: StaffActor) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code="cinema-ticket")
    await tell_everybody(campaign)
    issued = await redeem(crowd.people[0], "cinema-ticket")
    assert isinstance(issued, Redemption) and issued.campaign_id is None
    assert await taken(campaign) == 0


async def test_what_a_source_granted_whose_promise_is_over_costs_the_campaign(
    author: StaffActor, approver: StaffActor
) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code=CODE, budget=Money(COST, "CNY"))
    await tell_everybody(campaign)
    gone = f"plan:{uuid4()}"
    async with transaction() as db:
        wanted = (await of_code(db, CODE)).id
        ended_at = await clock.now(db) - timedelta(days=800)
        db.add(BenefitSource(source=gone, benefit_id=wanted, ended_at=ended_at))
        await grants.give(db, crowd.people, wanted, gone)
    issued = await redeem(crowd.people[0])
    assert isinstance(issued, Redemption) and issued.campaign_id == campaign.id
    assert await taken(campaign) == COST


@pytest.mark.parametrize("verb", [scheduling.pause, scheduling.end])
async def test_while_it_is_paused_the_promise_holds_and_once_it_ended_it_does_not(
    author: StaffActor, approver: StaffActor, verb: object
) -> None:
    crowd = await crowd_of(1)
    campaign = await begun(author, approver, crowd, holdout_percent=0, benefit_code=CODE)
    await tell_everybody(campaign)
    await do(verb, author, campaign)
    answer = await redeem(crowd.people[0])
    assert isinstance(answer, Redemption if verb is scheduling.pause else Refusal)
    async with reading() as db:
        rows = select(Redemption).where(Redemption.user_id == crowd.people[0])
        assert len((await db.execute(rows)).all()) == int(verb is scheduling.pause)
