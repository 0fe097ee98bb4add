"""Rounding, days that are due, parts of years, and rates of return."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money.conventions import LONGAN, Convention, DayCount, MonthEnd, Rounding, Unit
from domain.money.day_counts import of_period, year_fraction
from domain.money.due_dates import due_date, due_dates
from domain.money.rates import Discounted, monthly_return, rate_of_return
from domain.money.rounding import nearest
from domain.money.unit_periods import PeriodUnit, UnitPeriod

DAYS = st.dates(date(1999, 1, 1), date(2033, 12, 31))


@pytest.mark.parametrize(
    ("value", "rounding", "rounded"),
    [
        ("0.5", Rounding.HALF_UP, 1),
        ("0.5", Rounding.HALF_EVEN, 0),
        ("1.5", Rounding.HALF_EVEN, 2),
        ("2.5", Rounding.HALF_UP, 3),
        ("-2.5", Rounding.HALF_UP, -3),
        ("-2.5", Rounding.HALF_EVEN, -2),
        ("2.999", Rounding.DOWN, 2),
        ("-2.999", Rounding.DOWN, -2),
        ("2.4999999999999999999999999", Rounding.HALF_UP, 2),
    ],
)
def test_only_an_exact_half_asks_how_to_round(value: str, rounding: Rounding, rounded: int) -> None:
    assert nearest(Fraction(value), rounding) == rounded


def test_an_instalment_may_be_a_multiple() -> None:
    assert [nearest(Fraction(each), Rounding.HALF_EVEN, 100) for each in (32_812, 32_850, 32_950)] == [
        32_800,
        32_800,
        33_000,
    ]


@pytest.mark.parametrize(
    ("convention", "dates"),
    [
        (Convention(), ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]),
        (Convention(month_end=MonthEnd.NEXT_FIRST), ["2024-03-01", "2024-03-31", "2024-05-01", "2024-05-31"]),
        (Convention(every=13), ["2025-02-28", "2026-03-31", "2027-04-30", "2028-05-31"]),
        (Convention(every=2, unit=Unit.WEEKS), ["2024-02-14", "2024-02-28", "2024-03-13", "2024-03-27"]),
        (Convention(every=15, unit=Unit.DAYS), ["2024-02-15", "2024-03-01", "2024-03-16", "2024-03-31"]),
    ],
)
def test_days_are_counted_from_the_start(convention: Convention, dates: list[str]) -> None:
    assert [day.isoformat() for day in due_dates(date(2024, 1, 31), 4, convention)] == dates


def test_no_day_lies_outside_the_calendar() -> None:
    with pytest.raises(OverflowError):
        due_date(date(9999, 12, 1), 1, LONGAN)


@given(start=DAYS, days=st.integers(0, 900), count=st.sampled_from([DayCount.ACT_ACT_ISDA, DayCount.ACT_ACT_DEC31]))
def test_actual_days_are_each_a_part_of_their_own_year(start: date, days: int, count: DayCount) -> None:
    is_by_end = count is DayCount.ACT_ACT_DEC31
    each = [start + timedelta(days=day + is_by_end) for day in range(days)]
    by_day = sum(Fraction(1, 366 if day.year % 4 == 0 else 365) for day in each)
    assert year_fraction(count, start, start + timedelta(days=days)) == by_day


@pytest.mark.parametrize("count", list(DayCount))
@given(start=DAYS, months=st.integers(1, 3), days=st.integers(0, 92))
def test_a_part_of_a_period_is_no_more_than_the_period(count: DayCount, start: date, months: int, days: int) -> None:
    end = due_date(start, months, LONGAN)
    until = min(end, start + timedelta(days=days))
    part, whole = [of_period(count, start, end, each, months, Unit.MONTHS) for each in (until, end)]
    assert 0 <= part <= whole
    assert abs(whole - Fraction(months, 12)) < Fraction(4, 360)


@pytest.mark.parametrize(
    ("unit", "start", "until", "whole", "odd"),
    [
        (UnitPeriod(1, PeriodUnit.MONTH), "1978-02-10", "1978-04-01", 1, "19/30"),
        (UnitPeriod(2, PeriodUnit.MONTH), "1978-01-10", "1978-03-01", 0, "52/60"),
        (UnitPeriod(1, PeriodUnit.SEMIMONTH), "1978-02-23", "1978-03-16", 1, "6/15"),
        (UnitPeriod(4, PeriodUnit.WEEK), "1978-03-18", "1978-04-20", 1, "5/28"),
        (UnitPeriod(30, PeriodUnit.DAY), "2026-01-01", "2026-03-05", 2, "3/30"),
        (UnitPeriod(1, PeriodUnit.YEAR), "2026-01-15", "2027-07-15", 1, "6/12"),
        (UnitPeriod(1, PeriodUnit.YEAR), "2026-01-15", "2027-01-20", 1, "5/365"),
    ],
)
def test_unit_periods_are_those_of_regulation_z(unit: UnitPeriod, start: str, until: str, whole: int, odd: str) -> None:
    days = date.fromisoformat(start), date.fromisoformat(until)
    assert unit.between(*days) == (whole, Fraction(odd))


@pytest.mark.parametrize(
    ("start", "until", "day", "whole"),
    [("2026-01-31", "2026-02-28", 31, 1), ("2026-01-30", "2026-02-28", 30, 1), ("2026-02-28", "2026-04-30", 31, 2)],
)
def test_the_last_day_of_a_short_month_stands_in_for_the_day_that_payments_are_due_on(
    start: str, until: str, day: int, whole: int
) -> None:
    month = UnitPeriod(1, PeriodUnit.MONTH)
    assert month.between(date.fromisoformat(start), date.fromisoformat(until), day) == (whole, Fraction(0))


@given(
    rate=st.decimals(Decimal("-0.5"), 3, places=6),
    payments=st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 40)), min_size=1, max_size=8),
)
def test_a_rate_is_found_from_what_it_makes_of_payments(rate: Decimal, payments: list[tuple[int, int]]) -> None:
    grown = 1 + Fraction(rate)
    advance = sum((amount / grown**after for amount, after in payments), Fraction(0))
    flows = [
        Discounted(-advance, Fraction(0)),
        *(Discounted(Fraction(each), Fraction(after)) for each, after in payments),
    ]
    found = rate_of_return(flows)
    assert found is None if advance == 0 else found is not None and abs(found - rate) < Decimal("1e-40")


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ([-100, 230, -132], "0.1"),  # 10 % and 20 %: the one nearest to nothing
        ([-1, 0, 0, 0], None),
        ([5, 5], None),
        ([], None),
        ([0, 0], None),
        ([-10, 10], "0"),
        ([-10, 21, -11], "0"),
    ],
)
def test_of_several_rates_the_nearest_to_nothing_is_meant_and_there_may_be_none(
    amounts: list[int], found: str | None
) -> None:
    rate = rate_of_return([Discounted(Fraction(each), Fraction(after)) for after, each in enumerate(amounts)])
    assert rate == (None if found is None else Decimal(found))


@given(received=st.integers(1, 10**7), payments=st.lists(st.integers(0, 10**7), min_size=1, max_size=40))
def test_the_quick_monthly_return_is_the_exact_one(received: int, payments: list[int]) -> None:
    flows = [Discounted(Fraction(each), Fraction(after)) for after, each in enumerate([-received, *payments])]
    exact, quick = rate_of_return(flows), monthly_return(received, tuple(payments))
    if sum(payments) > received and exact is not None and exact < 10:
        assert quick == pytest.approx(float(exact), rel=1e-9, abs=1e-12)
