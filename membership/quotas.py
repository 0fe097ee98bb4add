"""How often a benefit may still be used: in a month, in a year, or once; by the calendar, or by the member's own year."""

from calendar import monthrange
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    and_,
    case,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from infra import clock
from infra.clock import local_day
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises
from membership.benefits import Benefit, QuotaCycle, QuotaReset

PERIODS = {QuotaReset.MONTHLY: "%Y-%m", QuotaReset.YEARLY: "%Y", QuotaReset.ONCE: "once"}
MONTHS = {QuotaReset.MONTHLY: 1, QuotaReset.YEARLY: 12}


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


def period_of(benefit: Benefit, joined_at: datetime, now: datetime) -> str:
    """The period that `now` lies in: "2026-11", "2026" or "once" by the calendar of the product's time zone, or the day on
    which the member's own month or year began.
    """
    if benefit.cycle is QuotaCycle.CALENDAR or benefit.reset is QuotaReset.ONCE:
        return f"{local_day(now):{PERIODS[benefit.reset]}}"
    return cycle_start(local_day(joined_at), local_day(now), MONTHS[benefit.reset]).isoformat()


def period_column(now: ColumnElement[datetime], joined_at: InstrumentedAttribute[datetime]) -> ColumnElement[str]:
    """The period of a row of Benefit that this moment lies in for a member, in SQL."""
    by_calendar = case(
        {
            QuotaReset.MONTHLY: clock.local_text(now, "YYYY-MM"),
            QuotaReset.YEARLY: clock.local_text(now, "YYYY"),
        },
        value=Benefit.reset,
        else_=PERIODS[QuotaReset.ONCE],
    )
    months = case(MONTHS, value=Benefit.reset)
    days = (clock.local_text(moment, "YYYY-MM-DD") for moment in (joined_at, now))
    began = func.cycle_start(*days, months)
    is_own = and_(Benefit.cycle == QuotaCycle.ANNIVERSARY, Benefit.reset != QuotaReset.ONCE)
    return case((is_own, began), else_=by_calendar)


def cycle_start(joined: date, today: date, months: int) -> date:
    """When the member's own month (1) or year (12) began. Who joined on the 29th to 31st begins on the last day of a month that
    has no such day, and on their own day again in the next that has. `cycle_start` of the migrations does the same.
    """
    passed = (today.year - joined.year) * 12 + today.month - joined.month
    passed -= passed % months
    return months_after(joined, passed if months_after(joined, passed) <= today else passed - months)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def resets_at(benefit: Benefit, joined_at: datetime, now: datetime) -> datetime | None:
    """When the quota is whole again, in UTC; None where there is no quota, or no second time."""
    if benefit.quota is None or benefit.reset == QuotaReset.ONCE:
        return None
    return period_ends_at(benefit, joined_at, now)


def period_ends_at(benefit: Benefit, joined_at: datetime, now: datetime) -> datetime:
    """When the period is over that `now` lies in; what is given once counts as given for a calendar year."""
    if benefit.cycle is QuotaCycle.ANNIVERSARY and benefit.reset is not QuotaReset.ONCE:
        joined, months = local_day(joined_at), MONTHS[benefit.reset]
        began = cycle_start(joined, local_day(now), months)
        passed = (began.year - joined.year) * 12 + began.month - joined.month
        return clock.begins(months_after(joined, passed + months))
    if benefit.reset is QuotaReset.MONTHLY:
        return next_period(now)
    return clock.begins(date(local_day(now).year + 1, 1, 1))


def all_periods_end_at(benefit: Benefit, now: datetime) -> datetime:
    """When the period is over that `now` lies in, whoever the member is and on whatever day they joined."""
    # It ends the latest for those whose own month or year begins today; on the last of a short month, for some of the 31st.
    joined = (local_day(now), date(2000, 2, 29), date(2000, 1, 31))
    return max(period_ends_at(benefit, clock.begins(day), now) for day in joined)


def next_period(now: datetime) -> datetime:
    """When the month is over, and with it perhaps the year, by the calendar of the product's time zone."""
    today = local_day(now)
    return clock.begins(date(today.year + today.month // 12, today.month % 12 + 1, 1))


def next_change(joined_at: datetime, now: datetime) -> datetime:
    """No quota of this member is whole again before."""
    joined, today = local_day(joined_at), local_day(now)
    passed = (today.year - joined.year) * 12 + today.month - joined.month
    own = [clock.begins(months_after(joined, passed + ahead)) for ahead in (0, 1)]
    return min(moment for moment in (next_period(now), *own) if moment > now)


TAKE = text("""
    INSERT INTO benefit_usages AS usage (user_id, benefit_id, period, used)
    SELECT :user_id, :benefit_id, :period, 1 WHERE CAST(:quota AS int) IS NULL OR CAST(:quota AS int) > 0
        ON CONFLICT (user_id, benefit_id, period) DO UPDATE SET used = usage.used + 1
     WHERE CAST(:quota AS int) IS NULL OR usage.used < CAST(:quota AS int)
    RETURNING used
""")


async def take(db: Db, user_id: UUID, benefit: Benefit, period: str) -> bool:
    """Use one of the quota; False where it is spent. Of many at once exactly as many get one as there are left: each waits for
    the row, not for a snapshot.
    """
    given = {"user_id": user_id, "benefit_id": benefit.id, "period": period, "quota": benefit.quota}
    return (await db.execute(TAKE, given)).first() is not None


async def give_back(db: Db, user_id: UUID, benefit_id: UUID, period: str) -> None:
    mine = update(BenefitUsage).where(
        BenefitUsage.user_id == user_id, BenefitUsage.benefit_id == benefit_id, BenefitUsage.period == period
    )
    await db.execute(mine.values(used=BenefitUsage.used - 1).execution_options(synchronize_session=False))


async def used(db: Db, user_id: UUID, benefit_id: UUID, period: str) -> int:
    mine = await db.execute(
        select(BenefitUsage.used).where(
            BenefitUsage.user_id == user_id, BenefitUsage.benefit_id == benefit_id, BenefitUsage.period == period
        )
    )
    return mine.scalar_one_or_none() or 0


def remaining(benefit: Benefit, used: int) -> int | None:
    # A quota that marketing lowered may be overdrawn already.
    return None if benefit.quota is None else max(benefit.quota - used, 0)
