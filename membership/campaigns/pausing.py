"""Pausing many campaigns: all at once, at one person's word, with what it stopped kept for good; and those of a benefit that is
another one than was approved."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor
from infra import clock, receipts, texts
from infra.database import Db
from infra.entity import Entity, Id
from infra.records import Record
from membership.campaigns import approving, campaigns, scheduling
from membership.campaigns.campaigns import Campaign

REASON_LENGTH_MAX = 500


class CampaignPause(Entity):
    """`stopped` are the ids of the campaigns that it paused, the oldest first."""

    __tablename__ = "campaign_pauses"
    __record__ = Record()

    id: Mapped[Id] = mapped_column(init=False)
    at: Mapped[datetime]
    by_id: Mapped[UUID]
    reason: Mapped[str]
    stopped: Mapped[list[str]]

    @property
    def campaigns(self) -> int:
        return len(self.stopped)


async def pause_all(db: Db, actor: StaffActor, *, reason: str, key: str) -> CampaignPause:
    """Pause whatever runs or is scheduled. Refuses INVALID."""
    receipt = await receipts.claim(
        db, actor=actor.name, operation="pause_all_campaigns", key=key, input={"reason": reason}
    )
    if receipt.result_id is not None:
        return await db.get_one(CampaignPause, receipt.result_id)
    why = texts.line(reason, REASON_LENGTH_MAX, ("input", "reason"))
    every = select(Campaign).where(Campaign.status.in_(campaigns.LIFE.groups["stoppable"]))
    stopped = (await db.execute(_locked(every))).scalars().all()
    for campaign in stopped:
        await scheduling.stop(db, campaign, actor, why)
    made = CampaignPause(
        at=await clock.now(db), by_id=actor.staff_id, reason=why, stopped=[str(each.id) for each in stopped]
    )
    db.add(made)
    await db.flush()
    receipt.result_id = made.id
    return made


async def pause_stale(db: Db, benefit_id: UUID) -> None:
    """Pause what runs or is scheduled with this benefit, which is another one now than was approved; nobody resumes it."""
    # Also what neither runs nor is scheduled is waited for: somebody may be at letting it go on.
    its = select(Campaign).where(Campaign.benefit_id == benefit_id, Campaign.status != campaigns.CampaignStatus.ENDED)
    for campaign in (await db.execute(_locked(its))).scalars().all():
        if campaign.status in campaigns.LIFE.groups["stoppable"]:
            await scheduling.stop(db, campaign, None, approving.CHANGED)


def _locked(wanted: Select[Campaign]) -> Select[Campaign]:
    """The oldest first."""
    locked = wanted.order_by(Campaign.id).with_for_update(key_share=True)
    return locked.execution_options(populate_existing=True)


def all_pauses() -> Select[CampaignPause]:
    return select(CampaignPause)
