"""Revoking what a campaign granted once it is over, so many people at a time. Vouchers that were issued stay good."""

from uuid import UUID

from sqlalchemy import delete, select

from infra import outbox
from infra.database import Db
from infra.events import declare
from membership.campaigns.campaigns import Campaign
from membership.campaigns.telling import CampaignPerson
from membership.grants import Grant

GRANTS_DUE = declare("campaign.grants_due", after=str)
BATCH = 2_000


async def begin(db: Db, campaign: Campaign) -> None:
    if campaign.benefit_id is not None:
        await outbox.announce(db, GRANTS_DUE, subject_id=campaign.id, after=str(UUID(int=0)))


async def revoke_next(db: Db, campaign_id: UUID, after: UUID) -> None:
    """Revoke the grants of the next people, and announce those behind them."""
    campaign = await db.get_one(Campaign, campaign_id)
    its = select(CampaignPerson.user_id).where(
        CampaignPerson.campaign_id == campaign_id, CampaignPerson.user_id > after
    )
    people = (await db.execute(its.order_by(CampaignPerson.user_id).limit(BATCH))).scalars().all()
    gone = delete(Grant).where(Grant.user_id.in_(people), Grant.source == campaign.source)
    await db.execute(gone.execution_options(synchronize_session=False))
    if len(people) == BATCH:
        await outbox.announce(db, GRANTS_DUE, subject_id=campaign_id, after=str(people[-1]))
