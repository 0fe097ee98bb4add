"""Telling the people of a campaign, in ranges: who fits is drawn into one of two groups, told or left out, once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.notices import reaching
from domain.notices.telling import notify
from domain.runs import running, runs
from domain.runs.running import Pace, Work
from domain.runs.runs import Range, Run
from infra import clock
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from membership import grants
from membership.campaigns import campaigns, census
from membership.campaigns.campaigns import Campaign, CampaignStatus
from membership.campaigns.words import CAMPAIGN_MESSAGE
from membership.members import Member

BATCH = 500  # members who are looked at in one transaction
PACE = Pace(concurrency=2, share=0.5)
BATCH_DUE, TOLD = declare("campaign.batch_due", range=int), declare("campaign.told")


class CampaignPerson(Entity):
    """Whom a campaign was for when it came to them, and whether they were left out by lot. Written before they are told."""

    __tablename__ = "campaign_people"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    is_held_out: Mapped[bool]
    at: Mapped[datetime]

    __table_args__ = (Index(None, "campaign_id", "user_id"),)


class CampaignRun(Run, Entity):
    """Going through all members for one campaign; another one after a pause goes past whoever was reached."""

    __tablename__ = "campaign_runs"
    everybody: ClassVar[Select[UUID]] = select(Member.user_id)

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"), index=True)

    def rivals(self) -> ColumnElement[bool]:
        return CampaignRun.campaign_id == self.campaign_id


class CampaignRange(Range, Entity):
    """`told` are those in whose list the message stands, or who are rung."""

    __tablename__ = "campaign_ranges"

    run_id: Mapped[UUID] = mapped_column(
        "campaign_run_id", ForeignKey("campaign_runs.id", ondelete="CASCADE"), primary_key=True
    )
    told: Mapped[int] = mapped_column(default=0)


SEEN = text(f"""
    SELECT member.*, {reaching.MAY_BE_TOLD} AND NOT person.is_invented AS is_reachable, 1 AS people
      FROM ({census.traits(within="user_id > :after AND user_id <= :last")}) AS member {reaching.JOINED}
     WHERE NOT EXISTS (SELECT FROM campaign_people AS known
                        WHERE known.user_id = member.user_id AND known.campaign_id = :campaign_id)
     ORDER BY member.user_id
""")  # noqa: S608


def is_held_out(campaign_id: UUID, user_id: UUID, percent: int) -> bool:
    """Whether the lot leaves this person out: the same whenever it is drawn, and for another campaign another."""
    drawn = hashlib.sha256(campaign_id.bytes + user_id.bytes).digest()
    return int.from_bytes(drawn[:8]) % 100 < percent


async def begin(db: Db, campaign: Campaign) -> None:
    """Let the worker go through everybody for this campaign, which runs."""
    await running.begin(db, TELLING, CampaignRun(campaign_id=campaign.id))


async def stop(db: Db, campaign: Campaign) -> None:
    """Let nobody more be told, once the batch that is at work is done."""
    await runs.supersede(db, CampaignRun, CampaignRun.campaign_id == campaign.id)


async def do_next_batch(db: Db, run_id: UUID, number: int) -> None:
    await running.do_next_batch(db, TELLING, run_id, number)


async def _batch(db: Db, run: CampaignRun, part: CampaignRange) -> UUID | None:
    campaign = await _locked(db, run.campaign_id)
    if not await _is_to_be_told(db, campaign):
        return None
    ahead = select(Member.user_id).where(Member.user_id > part.cursor, Member.user_id <= part.last)
    members = (await db.execute(ahead.order_by(Member.user_id).limit(BATCH))).scalars().all()
    if members:
        fitting = await _fitting(db, campaign, part.cursor, members[-1])
        part.told += await _tell(db, campaign, fitting)
    return members[-1] if len(members) == BATCH else None


async def _locked(db: Db, campaign_id: UUID) -> Campaign:
    """The campaign; who pauses or ends it waits for the batch, so nobody is granted anything once its grants are revoked."""
    its = select(Campaign).where(Campaign.id == campaign_id).with_for_update(read=True)
    return (await db.execute(its.execution_options(populate_existing=True))).scalar_one()


async def _is_to_be_told(db: Db, campaign: Campaign) -> bool:
    """Whether it runs, is not over, though its end may be late to be marked, and grants what was approved."""
    is_over = campaign.ends_at is None or campaign.ends_at <= await clock.now(db)
    runs_on = campaign.status is CampaignStatus.RUNNING and not is_over
    return runs_on and await campaigns.is_as_approved(db, campaign)


async def _fitting(db: Db, campaign: Campaign, after: UUID, last: UUID) -> list[UUID]:
    """Whom of these members the campaign is for, who can be reached and was not drawn yet."""
    given = census.given_at(await clock.now(db)) | {"after": after, "last": last, "campaign_id": campaign.id}
    people = (await db.execute(SEEN, given)).all()
    counted = census.census_of([row[1:] for row in people])
    fits = counted.mask_of(campaign.whom) & (counted.reachable > 0)
    return [row.user_id for row, is_meant in zip(people, fits, strict=True) if is_meant]


async def _tell(db: Db, campaign: Campaign, fitting: Sequence[UUID]) -> int:
    """Draw them, grant the benefit to whoever is not left out, and tell them. Answers how many were told."""
    left_out = {user_id: is_held_out(campaign.id, user_id, campaign.holdout_percent) for user_id in fitting}
    meant = [user_id for user_id in await _draw(db, campaign, left_out) if not left_out[user_id]]
    if campaign.benefit_id is not None:
        await grants.give(db, meant, campaign.benefit_id, campaign.source)
    told = [await notify(db, user_id, CAMPAIGN_MESSAGE, campaign.id, **campaign.written) for user_id in meant]
    return sum(notice is not None for notice in told)


async def _draw(db: Db, campaign: Campaign, left_out: dict[UUID, bool]) -> list[UUID]:
    """Write down into which group each was drawn; answers whom nobody had drawn before."""
    if not left_out:
        return []
    now = await clock.now(db)
    rows = [
        {"user_id": user_id, "campaign_id": campaign.id, "is_held_out": is_out, "at": now}
        for user_id, is_out in left_out.items()
    ]
    new = insert(CampaignPerson).values(rows).on_conflict_do_nothing().returning(CampaignPerson.user_id)
    return list((await db.execute(new)).scalars())


TELLING = Work(run=CampaignRun, part=CampaignRange, batch_due=BATCH_DUE, done=TOLD, pace=lambda: PACE, batch=_batch)
