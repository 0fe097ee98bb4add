"""Quotas follow the calendar of the product's time zone, and spent is spent whatever tier one moves to."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from infra.database import Db, transaction
from infra.ids import new_id
from membership import grants, quotas
from membership.benefits import Benefit, BenefitStatus, QuotaCycle, QuotaReset, Segment
from membership.grants import Grant
from membership.quotas import BenefitUsage
from tests.membership.living import FIRST_DAY, newcomer, on, scored

MIDNIGHT = datetime(2026, 11, 30, 16, tzinfo=UTC)  # the first of December in Shanghai
NEW_YEAR = datetime(2026, 12, 31, 16, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def benefit(reset: QuotaReset, quota: int | None = 2) -> Benefit:
    return Benefit(
        id=new_id(),
        code="x",
        name="x",
        segment=Segment.HOME,
        quota=quota,
        reset=reset,
        unit_cost_minor=0,
        currency="CNY",
    )


@pytest.mark.parametrize(
    ("reset", "now", "period", "resets_at"),
    [
        (QuotaReset.MONTHLY, MIDNIGHT - SECOND, "2026-11", MIDNIGHT),
        (QuotaReset.MONTHLY, MIDNIGHT, "2026-12", NEW_YEAR),
        (QuotaReset.MONTHLY, NEW_YEAR, "2027-01", datetime(2027, 1, 31, 16, tzinfo=UTC)),
        (QuotaReset.YEARLY, NEW_YEAR - SECOND, "2026", NEW_YEAR),
        (QuotaReset.YEARLY, NEW_YEAR, "2027", datetime(2027, 12, 31, 16, tzinfo=UTC)),
        (QuotaReset.ONCE, NEW_YEAR, "once", None),
    ],
)
def test_periods_turn_at_midnight_in_shanghai(
    reset: QuotaReset, now: datetime, period: str, resets_at: datetime | None
) -> None:
    assert quotas.period_of(benefit(reset), FIRST_DAY, now) == period
    assert quotas.resets_at(benefit(reset), FIRST_DAY, now) == resets_at


DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))


@given(DAYS, st.integers(0, 4_000), st.sampled_from([1, 12]))
def test_a_members_own_month_begins_on_their_day_or_on_the_last_of_a_shorter_month(
    joined: date, passed: int, months: int
) -> None:
    """The oracle walks all beginnings, one by one."""
    today, began = joined + timedelta(days=passed), joined
    for ahead in range(months, 12 * 12, months):
        year, month = divmod(joined.year * 12 + joined.month - 1 + ahead, 12)
        own = date(year, month + 1, min(joined.day, monthrange(year, month + 1)[1]))
        began = own if own <= today else began
    assert quotas.cycle_start(joined, today, months) == began


async def test_the_database_counts_months_of_ones_own_as_we_do(db: Db) -> None:
    asked = text("SELECT cycle_start(:joined, :today, :months)")
    for joined in (date(2024, 1, 31), date(2024, 2, 29), date(2023, 11, 30), date(2025, 6, 15)):
        for passed in range(0, 800, 7):
            for months in (1, 12):
                today = joined + timedelta(days=passed)
                given = {"joined": joined.isoformat(), "today": today.isoformat(), "months": months}
                assert await db.scalar(asked, given) == quotas.cycle_start(joined, today, months).isoformat()


@pytest.mark.parametrize(
    ("reset", "now", "period", "resets_at"),
    [
        (
            QuotaReset.MONTHLY,
            datetime(2026, 2, 27, 15, 59, tzinfo=UTC),
            "2026-01-31",
            datetime(2026, 2, 27, 16, tzinfo=UTC),
        ),
        (
            QuotaReset.MONTHLY,
            datetime(2026, 2, 27, 16, tzinfo=UTC),
            "2026-02-28",
            datetime(2026, 3, 30, 16, tzinfo=UTC),
        ),
        (QuotaReset.YEARLY, datetime(2026, 2, 27, 16, tzinfo=UTC), "2026-01-31", datetime(2027, 1, 30, 16, tzinfo=UTC)),
        (QuotaReset.ONCE, datetime(2026, 2, 27, 16, tzinfo=UTC), "once", None),
    ],
)
def test_who_joined_on_the_31st_begins_on_the_last_of_february(
    reset: QuotaReset, now: datetime, period: str, resets_at: datetime | None
) -> None:
    joined_at, own = datetime(2026, 1, 31, 4, tzinfo=UTC), benefit(reset)
    own.cycle = QuotaCycle.ANNIVERSARY
    assert quotas.period_of(own, joined_at, now) == period
    assert quotas.resets_at(own, joined_at, now) == resets_at


def test_without_a_quota_nothing_is_counted_and_nothing_resets() -> None:
    free = benefit(QuotaReset.MONTHLY, quota=None)
    assert quotas.remaining(free, 99) is None
    assert quotas.resets_at(free, FIRST_DAY, MIDNIGHT) is None


def test_a_quota_that_was_lowered_below_what_was_used_leaves_nothing() -> None:
    assert quotas.remaining(benefit(QuotaReset.MONTHLY), 3) == 0


async def of_code(db: Db, code: str) -> Benefit:
    return (await db.execute(select(Benefit).where(Benefit.code == code))).scalar_one()


async def use(user_id: UUID, code: str, used: int, period: str) -> None:
    async with transaction() as db:
        found = await of_code(db, code)
        db.add(BenefitUsage(user_id=user_id, benefit_id=found.id, period=period, used=used))


async def left(user_id: UUID, code: str, day: datetime) -> tuple[int | None, datetime | None] | None:
    """(remaining, resets at), or None where the person does not hold it."""
    async with on(day) as db:
        held = (await grants.held_by(db, {user_id}))[user_id]
    return next(((h.remaining, h.resets_at) for h in held if h.benefit.code == code), None)


async def test_a_monthly_quota_is_whole_again_at_the_month_of_shanghai() -> None:
    person = await newcomer()
    assert await left(person, "city-ride", MIDNIGHT - SECOND) == (2, MIDNIGHT)
    await use(person, "city-ride", 2, "2026-11")
    assert await left(person, "city-ride", MIDNIGHT - SECOND) == (0, MIDNIGHT)
    assert await left(person, "city-ride", MIDNIGHT) == (2, NEW_YEAR)


async def test_what_is_given_once_is_spent_for_good() -> None:
    person = await newcomer()
    await use(person, "welcome-voucher", 1, "once")
    assert await left(person, "welcome-voucher", FIRST_DAY) == (0, None)
    assert await left(person, "welcome-voucher", FIRST_DAY + timedelta(days=900)) == (0, None)


async def test_spent_is_spent_whatever_tier_one_moves_to() -> None:
    person = await newcomer()
    await use(person, "city-ride", 1, "2026-01")
    await scored(person, 700, FIRST_DAY)
    remaining = await left(person, "city-ride", FIRST_DAY)
    assert remaining == (1, datetime(2026, 1, 31, 16, tzinfo=UTC))


async def test_a_benefit_ends_when_its_last_grant_does() -> None:
    person = await newcomer()
    await scored(person, 700, FIRST_DAY)
    async with on(FIRST_DAY) as db:
        lounge = await of_code(db, "lounge")
        db.add(Grant(user_id=person, benefit_id=lounge.id, source="plan:TEST", granted_at=FIRST_DAY))
    assert await left(person, "lounge", FIRST_DAY) == (2, datetime(2026, 12, 31, 16, tzinfo=UTC))

    async with on(FIRST_DAY) as db:
        await grants.release(db, [(person, "tier:GOLD")])
    assert (await left(person, "lounge", FIRST_DAY)) is not None

    async with on(FIRST_DAY) as db:
        await grants.release(db, [(person, "plan:TEST")])
    assert await left(person, "lounge", FIRST_DAY) is None


async def test_a_retiring_benefit_is_kept_until_it_retires_and_given_to_nobody_new() -> None:
    day = timedelta(days=1)
    code = f"retiring-{new_id()}"
    earlier, later = await newcomer(), await newcomer()
    async with on(FIRST_DAY) as db:
        leaving = benefit(QuotaReset.YEARLY)
        leaving.code, leaving.status, leaving.retires_at = code, BenefitStatus.RETIRING, FIRST_DAY + day
        db.add(leaving)
        await db.flush()
        db.add(Grant(user_id=earlier, benefit_id=leaving.id, source="tier:LITE", granted_at=FIRST_DAY))
    assert await left(earlier, code, FIRST_DAY) is not None
    assert await left(earlier, code, FIRST_DAY + day) is None
    await scored(later, 700, FIRST_DAY)
    assert await left(later, code, FIRST_DAY) is None
