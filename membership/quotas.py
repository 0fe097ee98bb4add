"""How often a benefit may still be used: in this calendar month, in this year, or once."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, case
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.clock import local_day
from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises
from membership.benefits import Benefit, QuotaReset

PERIODS = {QuotaReset.MONTHLY: "%Y-%m", QuotaReset.YEARLY: "%Y", QuotaReset.ONCE: "once"}


@raises(Raised.OWNERS)
class BenefitUsage(Entity):
    """How often a person used a benefit in one period. It belongs to the benefit, not to a grant: who leaves a tier
    and comes back finds spent what they had spent.
    """

    __tablename__ = "benefit_usages"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    benefit_id: Mapped[UUID] = mapped_column(ForeignKey("benefits.id"), primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int]

    __table_args__ = (CheckConstraint("used >= 0", "not_negative"),)


def period_of(reset: QuotaReset, now: datetime) -> str:
    """The period that `now` lies in, by the calendar of the product's time zone: "2026-11", "2026" or "once"."""
    return f"{local_day(now):{PERIODS[reset]}}"


def period_column(now: ColumnElement[datetime]) -> ColumnElement[str]:
    """The period of a row of Benefit that this moment lies in, in SQL."""
    months, years = clock.local_text(now, "YYYY-MM"), clock.local_text(now, "YYYY")
    return case(
        {QuotaReset.MONTHLY: months, QuotaReset.YEARLY: years}, value=Benefit.reset, else_=PERIODS[QuotaReset.ONCE]
    )


def resets_at(benefit: Benefit, now: datetime) -> datetime | None:
    """When the quota is whole again, in UTC; None where there is no quota, or no second time."""
    if benefit.quota is None or benefit.reset == QuotaReset.ONCE:
        return None
    if benefit.reset == QuotaReset.YEARLY:
        return clock.begins(date(local_day(now).year + 1, 1, 1))
    return next_period(now)


def next_period(now: datetime) -> datetime:
    """When the month is over, and with it perhaps the year, by the calendar of the product's time zone."""
    today = local_day(now)
    return clock.begins(date(today.year + today.month // 12, today.month % 12 + 1, 1))


def remaining(benefit: Benefit, used: int) -> int | None:
    # A quota that marketing lowered may be overdrawn already.
    return None if benefit.quota is None else max(benefit.quota - used, 0)
