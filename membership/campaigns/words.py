"""What people read of a campaign: whatever was approved. Their lock screens say only that there is something."""

from uuid import UUID

from sqlalchemy import select

from domain.notices.classes import NoticeClass
from domain.notices.kinds import NoticeKind, StillWanted, declare
from infra import clock
from infra.database import Db
from infra.words import N_
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.words import MEMBERSHIP

ANSWERS = {CampaignStatus.RUNNING: StillWanted.YES, CampaignStatus.PAUSED: StillWanted.LATER}


async def is_still_wanted(db: Db, campaign_id: UUID) -> StillWanted:
    """Yes while it runs; later while it is paused; not any more from its end on, though that may be late to be marked."""
    going = select(Campaign.status).where(Campaign.id == campaign_id, Campaign.ends_at > await clock.now(db))
    status = (await db.execute(going)).scalar_one_or_none()
    return ANSWERS.get(status, StillWanted.NO) if status else StillWanted.NO


CAMPAIGN_MESSAGE = declare(
    NoticeKind(
        "campaign_message",
        NoticeClass.MARKETING,
        "{title}",
        "{body}",
        lock=N_("There is news for members at Longan. Open Longan to read it."),
        link=MEMBERSHIP,
        asks=is_still_wanted,
    )
)
