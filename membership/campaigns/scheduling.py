"""When a campaign runs: from its start to its end."""

from uuid import UUID

from domain.actors import StaffActor
from infra.database import Db
from membership.campaigns import campaigns
from membership.campaigns.approving import refuse_long
from membership.campaigns.campaigns import FIELD, Campaign, CampaignStatus


async def end(db: Db, actor: StaffActor, *, campaign_id: UUID, comment: str) -> Campaign:
    """End a campaign for good, also one that never began. Refuses NOT_FOUND, NOT_OPEN, INVALID."""
    refuse_long(comment)
    campaign = await campaigns.demand(db, campaign_id)
    if campaign.status is not CampaignStatus.ENDED:
        await campaigns.step(db, campaign, CampaignStatus.ENDED, actor, comment, *FIELD)
    return campaign
