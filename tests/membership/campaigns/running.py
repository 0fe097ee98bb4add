"""Campaigns that run in a test's hands."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from domain.actors import StaffActor
from domain.runs.runs import RunState
from infra import clock
from infra.database import reading, transaction
from membership.campaigns import scheduling
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.campaigns.telling import CampaignRange, CampaignRun
from tests.membership.campaigns.audience import Crowd
from tests.membership.campaigns.drafts import approved
from tests.working import work_off


async def schedule(actor: StaffActor, campaign: Campaign, **how: Any) -> Campaign:
    """From now, or `after` so long, for a week, or as long as it `lasts`."""
    async with transaction() as db:
        starts_at = await clock.now(db) + how.get("after", timedelta(0))
        return await scheduling.schedule(
            db,
            actor,
            campaign_id=campaign.id,
            starts_at=starts_at,
            ends_at=starts_at + how.get("lasts", timedelta(days=7)),
            key=how.get("key", str(uuid4())),
        )


async def begun(author: StaffActor, approver: StaffActor, crowd: Crowd, **changes: Any) -> Campaign:
    """A campaign for this crowd that has begun, and has told nobody yet."""
    campaign = await approved(author, approver, audience=crowd.audience, **changes)
    await schedule(author, campaign)
    assert await work_off(campaign.id) == ["start_campaign"]
    await go_from(campaign, crowd)
    return await as_it_is(campaign)


async def go_from(campaign: Campaign, crowd: Crowd) -> None:
    """Pass over whoever is a member before the first of the crowd: other tests' people, who do not fit."""
    async with transaction() as db:
        mine = CampaignRange.run_id.in_(select(CampaignRun.id).where(CampaignRun.campaign_id == campaign.id))
        before = UUID(int=crowd.people[0].int - 1)
        await db.execute(update(CampaignRange).where(mine, CampaignRange.cursor < before).values(cursor=before))


async def run_of(campaign: Campaign) -> CampaignRun:
    async with reading() as db:
        its = select(CampaignRun).where(CampaignRun.campaign_id == campaign.id).order_by(CampaignRun.id.desc()).limit(1)
        return (await db.execute(its)).scalar_one()


async def tell_everybody(campaign: Campaign) -> None:
    run = await run_of(campaign)
    await work_off(run.id)
    assert (await run_of(campaign)).state is RunState.DONE


async def as_it_is(campaign: Campaign) -> Campaign:
    async with reading() as db:
        return await db.get_one(Campaign, campaign.id)


async def status_of(campaign: Campaign) -> CampaignStatus:
    return (await as_it_is(campaign)).status
