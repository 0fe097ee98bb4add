"""Campaign: what is told to whom and what it may cost, as somebody drafted it and a second person approved it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from domain import changes
from domain.actors import StaffActor
from domain.approvals import hash_of
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Json, Minor
from infra.errors import not_found
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.money import Money
from infra.records import Record
from infra.words import N_, Locale
from membership.benefits import Benefit, BenefitStatus
from membership.campaigns.audiences import Audience

FIELD = ("input", "campaignId")
NOT_FOUND = N_("We could not find this campaign.")


class CampaignStatus(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


START_DUE, END_DUE = declare("campaign.start_due"), declare("campaign.end_due")
S = CampaignStatus
LIFE = Lifecycle(
    "Campaign",
    Move([S.DRAFT], S.SUBMITTED, refused=N_("This campaign is no draft any more.")),
    Move([S.SUBMITTED, S.SCHEDULED], S.APPROVED),
    Move([S.SUBMITTED], S.DRAFT, refused=N_("This campaign does not wait for anybody's word.")),
    Move([S.APPROVED, S.PAUSED], S.SCHEDULED),
    Move([S.SCHEDULED, S.PAUSED], S.RUNNING, at="starts_at", due=START_DUE),
    Move([S.SCHEDULED, S.RUNNING], S.PAUSED, refused=N_("Only a campaign that runs or is scheduled can be paused.")),
    Move(
        [S.DRAFT, S.APPROVED, S.SCHEDULED, S.RUNNING, S.PAUSED],
        S.ENDED,
        at="ends_at",
        due=END_DUE,
        refused=N_("Take the campaign back from whoever is to approve it, then end it."),
    ),
    begins=S.DRAFT,
    ends=[S.ENDED],
    groups={"stoppable": [S.SCHEDULED, S.RUNNING], "going": [S.RUNNING, S.PAUSED]},
)


@dataclass(frozen=True)
class CampaignMessage:
    """What people read whose language this is."""

    locale: Locale
    title: str
    body: str
    link: str | None


class Campaign(Entity):
    """All that is approved stands here and never changes; another wish is another campaign. `audience_size` is as it was told.
    What its benefit was and cost when it was drafted is part of what is approved.
    """

    __tablename__ = "campaigns"
    __record__ = Record(later=("status", "starts_at", "ends_at"))

    id: Mapped[Id]
    name: Mapped[str]
    author_id: Mapped[UUID]
    created_at: Mapped[datetime]
    audience: Mapped[Json]
    audience_size: Mapped[int]
    messages: Mapped[list[Any]]
    holdout_percent: Mapped[int]
    budget_minor: Mapped[Minor]
    currency: Mapped[str]
    benefit_id: Mapped[UUID | None] = mapped_column(ForeignKey("benefits.id"))
    benefit_version: Mapped[int | None]
    unit_cost_minor: Mapped[Minor | None]
    status: Mapped[CampaignStatus] = mapped_column(default=CampaignStatus.DRAFT)
    starts_at: Mapped[datetime | None] = mapped_column(default=None)
    ends_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("holdout_percent BETWEEN 0 AND 50 AND budget_minor >= 0", name="sensible"),
        CheckConstraint("(benefit_id IS NULL) = (benefit_version IS NULL)", name="benefit"),
        CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL) AND starts_at < ends_at", name="times"),
    )

    @property
    def hash(self) -> str:
        """The hash of all that is sent, to whom, for how much: who approves names it."""
        return hash_of(
            {
                "name": self.name,
                "audience": self.audience,
                "messages": self.messages,
                "benefit": [str(self.benefit_id), self.benefit_version, self.unit_cost_minor],
                "holdout": self.holdout_percent,
                "budget": [self.budget_minor, self.currency],
            }
        )

    @property
    def content(self) -> dict[str, Any]:
        """All that marketing says of it, as the record of changes keeps it."""
        return {
            "status": self.status,
            "audience": self.audience,
            "messages": self.messages,
            "benefit": self.benefit_id and [str(self.benefit_id), self.benefit_version],
            "holdoutPercent": self.holdout_percent,
            "budget": f"{self.budget} {self.currency}",
        }

    @property
    def whom(self) -> Audience:
        return Audience.of(self.audience)

    @property
    def holdout_size(self) -> int:
        """How many will be left out by lot, to the ten: worked out of what is told of the audience, so it tells nothing more."""
        return self.audience_size * self.holdout_percent // 1000 * 10

    @property
    def budget(self) -> Money:
        return Money(self.budget_minor, self.currency)

    @property
    def texts(self) -> list[CampaignMessage]:
        return [CampaignMessage(**message) for message in self.messages]

    @property
    def written(self) -> dict[str, dict[Locale, str]]:
        """The parts of its messages by language, those that there are."""
        parts = {name: {each.locale: getattr(each, name) for each in self.texts} for name in ("title", "body", "link")}
        given = {name: {locale: text for locale, text in part.items() if text} for name, part in parts.items()}
        return {name: part for name, part in given.items() if part}

    @property
    def source(self) -> str:
        """What its benefit is granted by."""
        return f"campaign:{self.id}"


class CampaignMove(Entity):
    """A step of a campaign, by whom and in which words; nobody where time alone made it."""

    __tablename__ = "campaign_moves"
    __record__ = Record()

    id: Mapped[Id] = mapped_column(init=False)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"), index=True)
    at: Mapped[datetime]
    status: Mapped[CampaignStatus]
    by_id: Mapped[UUID | None]
    comment: Mapped[str]


def all_campaigns() -> Select[Campaign]:
    return select(Campaign)


async def demand(db: Db, campaign_id: UUID) -> Campaign:
    """The campaign; nobody else takes a step of it until this transaction ends. Refuses NOT_FOUND."""
    mine = select(Campaign).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    known = (await db.execute(mine.execution_options(populate_existing=True))).scalar_one_or_none()
    if known is None:
        raise not_found(NOT_FOUND, FIELD)
    return known


async def step(
    db: Db, campaign: Campaign, to: CampaignStatus, actor: StaffActor | None, comment: str, *field: str
) -> None:
    """Take a campaign to another state and write down who did. Refuses as its graph does."""
    before = campaign.status
    await LIFE.move(db, campaign, to, *field)
    if actor is not None:
        after = {"status": to} | ({"comment": comment} if comment else {}) | _times(campaign, to)
        await changes.record(db, actor, "campaign", campaign.name, before={"status": before}, after=after)
    db.add(
        CampaignMove(
            campaign_id=campaign.id,
            at=await clock.now(db),
            status=to,
            by_id=actor.staff_id if actor else None,
            comment=comment,
        )
    )
    await db.flush()


def _times(campaign: Campaign, to: CampaignStatus) -> dict[str, str]:
    if to is not S.SCHEDULED or campaign.starts_at is None or campaign.ends_at is None:
        return {}
    return {"startsAt": campaign.starts_at.isoformat(), "endsAt": campaign.ends_at.isoformat()}


async def steps_of(db: Db, campaign_ids: set[UUID]) -> dict[UUID, list[CampaignMove]]:
    """The steps of each, oldest first; of what was only drafted there are none."""
    found: dict[UUID, list[CampaignMove]] = {}
    mine = select(CampaignMove).where(CampaignMove.campaign_id.in_(campaign_ids)).order_by(CampaignMove.id)
    for made in (await db.execute(mine)).scalars():
        found.setdefault(made.campaign_id, []).append(made)
    return found


async def benefits_of(db: Db, benefit_ids: set[UUID]) -> dict[UUID, Benefit]:
    mine = select(Benefit).where(Benefit.id.in_(benefit_ids))
    return {benefit.id: benefit for benefit in (await db.execute(mine)).scalars()}


async def is_as_approved(db: Db, campaign: Campaign) -> bool:
    """Whether its benefit still is what it was when the campaign was drafted."""
    if campaign.benefit_id is None:
        return True
    benefit = await db.get_one(Benefit, campaign.benefit_id, populate_existing=True)
    then = (campaign.benefit_version, campaign.unit_cost_minor)
    return benefit.status is BenefitStatus.LIVE and (benefit.version, benefit.unit_cost_minor) == then


async def by_ids(db: Db, ids: set[UUID]) -> dict[UUID, Campaign]:
    mine = select(Campaign).where(Campaign.id.in_(ids))
    return {campaign.id: campaign for campaign in (await db.execute(mine)).scalars()}


async def open_audiences(db: Db) -> dict[UUID, Audience]:
    """The audiences of the campaigns that are not over, the newest first, up to a hundred."""
    open_ones = select(Campaign).where(Campaign.status != CampaignStatus.ENDED)
    rows = (await db.execute(open_ones.order_by(Campaign.id.desc()).limit(100))).scalars()
    return {campaign.id: campaign.whom for campaign in rows}
