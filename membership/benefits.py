"""Benefit: what a tier or a plan grants, in one of six segments of life."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, case, func, select
from sqlalchemy.orm import Mapped, mapped_column

from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.money import Money
from infra.revisions import Raised, raises
from infra.words import N_


class Segment(StrEnum):
    HOSPITALITY = "HOSPITALITY"
    TRANSPORT = "TRANSPORT"
    SHOPPING = "SHOPPING"
    ENTERTAINMENT = "ENTERTAINMENT"
    HOME = "HOME"
    FINANCE = "FINANCE"


class QuotaReset(StrEnum):
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"
    ONCE = "ONCE"


class QuotaCycle(StrEnum):
    """Where months and years begin: with the calendar's, or on the day on which the member joined."""

    CALENDAR = "CALENDAR"
    ANNIVERSARY = "ANNIVERSARY"


class BenefitStatus(StrEnum):
    DRAFT = "DRAFT"
    LIVE = "LIVE"
    RETIRING = "RETIRING"  # nobody gets it any more; who has it keeps it until `retires_at`
    RETIRED = "RETIRED"


S = BenefitStatus
HELD = (S.LIVE, S.RETIRING)
RETIREMENT_DUE = declare("benefit.retirement_due")
LIFE = Lifecycle(
    "Benefit",
    Move([S.DRAFT], S.LIVE),
    Move([S.LIVE], S.RETIRING, refused=N_("Only a benefit that people get can be retired.")),
    Move([S.RETIRING], S.RETIRED, at="retires_at", due=RETIREMENT_DUE),
    begins=S.DRAFT,
    ends=[S.RETIRED],
    groups={"held": HELD, "changeable": (S.DRAFT, S.LIVE)},
)


@raises(Raised.EVERYBODYS)
class Benefit(Entity):
    """`quota` None: as often as one likes. `name` is a msgid where the house named it. `member_value_minor` is what one use
    saves the person; None: what it costs us. `partner_id`: who confirms its use; None: whichever partner is shown the voucher.
    `retiring_at`: when nobody got it any more; who had it keeps it until their own period ends, all of them by `retires_at`.
    """

    __tablename__ = "benefits"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    segment: Mapped[Segment]
    quota: Mapped[int | None]
    reset: Mapped[QuotaReset]
    unit_cost_minor: Mapped[Minor]  # what one use costs us
    currency: Mapped[str]
    status: Mapped[BenefitStatus] = mapped_column(default=BenefitStatus.LIVE)
    version: Mapped[int] = mapped_column(default=1)
    retiring_at: Mapped[datetime | None] = mapped_column(default=None)
    retires_at: Mapped[datetime | None] = mapped_column(default=None)
    cycle: Mapped[QuotaCycle] = mapped_column(default=QuotaCycle.CALENDAR)
    member_value_minor: Mapped[Minor | None] = mapped_column(default=None)
    partner_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (CheckConstraint("quota > 0 AND unit_cost_minor >= 0", "sensible"),)

    @property
    def unit_cost(self) -> Money:
        return Money(self.unit_cost_minor, self.currency)

    @property
    def member_value(self) -> Money:
        worth = self.unit_cost_minor if self.member_value_minor is None else self.member_value_minor
        return Money(worth, self.currency)

    @property
    def terms(self) -> dict[str, Any]:
        """What it is and costs, as plain values by the names that clients know: in the record of changes, and in whatever is approved."""
        return {
            "name": self.name,
            "segment": self.segment.value,
            "quota": self.quota,
            "reset": self.reset.value,
            "cycle": self.cycle.value,
            "unitCost": str(self.unit_cost),
            "memberValue": str(self.member_value),
            "partnerId": self.partner_id and str(self.partner_id),
        }


# As the segments are listed, and then by code: the order in which people read benefits.
READING_ORDER = (case({segment: place for place, segment in enumerate(Segment)}, value=Benefit.segment), Benefit.code)


@raises(Raised.EVERYBODYS)
class BenefitSource(Entity):
    """Which tiers and plans grant a benefit: "tier:GOLD", "plan:...". `ended_at`: since when it is given to nobody anew; who
    had it keeps it until their own period ends.
    """

    __tablename__ = "benefit_sources"

    source: Mapped[str] = mapped_column(primary_key=True)
    benefit_id: Mapped[UUID] = mapped_column(ForeignKey("benefits.id", ondelete="CASCADE"), primary_key=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "benefit_id"),)


# Of the sources of one benefit: None while one of them goes on, else when the last of them ended.
LAST_ENDED = case((func.bool_or(BenefitSource.ended_at.is_(None)), None), else_=func.max(BenefitSource.ended_at))
TIER, PLAN = "tier:", "plan:"


def tier_source(tier_code: str) -> str:
    return TIER + tier_code


def all_benefits() -> Select[Benefit]:
    return select(Benefit)


async def granted_by(db: Db, sources: set[str]) -> dict[str, list[Benefit]]:
    """What each source grants, in the order of the segments."""
    granted = (
        select(BenefitSource.source, Benefit)
        .join(Benefit, Benefit.id == BenefitSource.benefit_id)
        .where(
            BenefitSource.source.in_(sources),
            BenefitSource.ended_at.is_(None),
            Benefit.status == BenefitStatus.LIVE,
        )
        .order_by(*READING_ORDER)
    )
    found: defaultdict[str, list[Benefit]] = defaultdict(list)
    for source, benefit in await db.execute(granted):
        found[source].append(benefit)
    return found


async def sources_of(db: Db, benefit_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """What grants each of them now, in the order of the alphabet."""
    going = select(BenefitSource.benefit_id, BenefitSource.source).where(
        BenefitSource.benefit_id.in_(benefit_ids), BenefitSource.ended_at.is_(None)
    )
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for benefit_id, source in await db.execute(going.order_by(BenefitSource.source)):
        found[benefit_id].append(source)
    return found
