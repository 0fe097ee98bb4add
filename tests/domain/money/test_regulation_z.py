"""Annual rates by Regulation Z, Appendix J, against a walk through the months in exact fractions that shares no code with ours."""

import os
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from api.cli.money import rates
from api.cli.money.fields import Fields

CASES = int(os.environ.get("LONGAN_LIVES", "60"))
DECIMALS = 20
Placed = tuple[int, Fraction]


@dataclass(frozen=True)
class Series:
    """Payments on these days of every so many months, by the unit that they are counted in."""

    start: date
    days: list[date]
    due: int
    unit: str
    unit_days: int  # of months of thirty days
    a_year: int


def day_of(month: int, due: int) -> date:
    """The day of a month, numbered from year 0, that payments are due on."""
    year, index = divmod(month, 12)
    return date(year, index + 1, min(due, monthrange(year, index + 1)[1]))


def ends_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


@st.composite
def series(draw: st.DrawFn) -> Series:
    start = draw(st.dates(date(2023, 1, 1), date(2028, 12, 31)))
    if draw(st.booleans()):
        start = day_of(start.year * 12 + start.month - 1, 31)
    due, every = draw(st.sampled_from([1, 15, 28, 29, 30, 31, start.day])), draw(st.sampled_from([1, 1, 2, 3, 6, 12]))
    first = start.year * 12 + start.month - 1 + draw(st.integers(0, every + 1))
    days = [day_of(first + every * place, due) for place in range(draw(st.integers(1, 14)))]
    assume(days[0] > start)
    # Payments are all that tells which day is meant, but where all is at the end of a month.
    assume(max(day.day for day in days) == due or (due == 31 and all(map(ends_month, [start, *days]))))
    assume(due == 31 or not all(map(ends_month, [start, *days])))
    unit = "year" if every == 12 else f"{every} month(s)"
    return Series(start, days, due, unit, 30 * every, 12 // every)


def placed(loan: Series, until: date) -> Placed:
    """Back from the payment, month by month, as long as that is not before the start; then the days."""
    month = until.year * 12 + until.month - 1
    whole = 0
    while day_of(month - whole - 1, loan.due) >= loan.start:
        whole += 1
    odd = (day_of(month - whole, loan.due) - loan.start).days
    if loan.unit == "year":
        years, months = divmod(whole, 12)
        if odd == 0:
            return years, Fraction(months, 12)
        return years, Fraction((day_of(month - 12 * years, loan.due) - loan.start).days, 365)
    units, months = divmod(whole, loan.unit_days // 30)
    return units, Fraction(30 * months + odd, loan.unit_days)


@settings(max_examples=CASES, deadline=None)
@given(loan=series(), amount=st.integers(1_000, 10**7), cost=st.integers(0, 80))
def test_rates_are_those_of_whole_periods_back_from_each_payment(loan: Series, amount: int, cost: int) -> None:
    each = amount * (100 + cost) // (100 * len(loan.days)) + 1
    flows = [{"date": loan.start.isoformat(), "amount": str(-amount)}]
    flows += [{"date": day.isoformat(), "amount": str(each)} for day in loan.days]
    told = {"unit_period": loan.unit, "unit_periods_per_year": str(loan.a_year), "result_decimals": DECIMALS}
    found = rates.answer(Fields({"method": "us_regz_actuarial", "cash_flows": flows} | told))["result"]
    periodic, near = Fraction(found) / 100 / loan.a_year, Fraction(1, 10**DECIMALS)
    worth = [worth_at(rate, loan, each) for rate in (periodic - near, periodic + near)]
    assert worth[1] < amount < worth[0]


def test_equal_months_are_counted_from_the_same_days() -> None:
    """Each month a twelfth, whatever its days: 1 % a month is 12.68 % a year."""
    days = {"2026-01-31": "-1000", "2026-02-28": "10", "2026-03-31": "10", "2026-04-30": "1010"}
    flows = [{"date": day, "amount": amount} for day, amount in days.items()]
    record = {"method": "effective_equal_months", "cash_flows": flows, "result_decimals": 6}
    assert rates.answer(Fields(record)) == {"result": "12.682503"}


def worth_at(rate: Fraction, loan: Series, each: int) -> Fraction:
    return sum(
        (each / ((1 + odd * rate) * (1 + rate) ** whole) for whole, odd in (placed(loan, day) for day in loan.days)),
        Fraction(0),
    )
