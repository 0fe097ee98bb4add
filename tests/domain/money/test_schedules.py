"""Schedules of every convention, against a reckoning in exact fractions that shares no code with ours."""

import os
from calendar import isleap, monthrange
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.cli.money import schedules
from api.cli.money.fields import Fields

CASES = int(os.environ.get("LONGAN_LIVES", "80"))
DAY_COUNTS = ["30/360-period", "act/365", "act/360", "act/act-year-split-jan1"]
LAST_DAY, FIRST_DAY = "same_day_else_month_end", "same_day_else_first_of_next_month"


def day_due(start: date, months: int, rule: str) -> date:
    year, index = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, index + 1)[1]
    if start.day <= last:
        return date(year, index + 1, start.day)
    return date(year, index + 1, last) + timedelta(days=rule == FIRST_DAY)


def part_of_year(count: str, start: date, end: date, months: int) -> Fraction:
    days = (end - start).days
    match count:
        case "30/360-period":
            return Fraction(months, 12)
        case "act/365":
            return Fraction(days, 365)
        case "act/360":
            return Fraction(days, 360)
    each = (start + timedelta(days=day) for day in range(days))
    return sum((Fraction(1, 366 if isleap(day.year) else 365) for day in each), Fraction(0))


def whole(value: Fraction, rounding: str) -> int:
    floor = value.numerator // value.denominator
    rest = value - floor
    if rest == Fraction(1, 2):
        return floor + (rounding == "half_up" or floor % 2)
    return floor + (rest > Fraction(1, 2))


def reckoned(record: dict[str, Any], principal: int) -> list[tuple[str, int, int]]:
    """(day, principal, interest) of each instalment."""
    loan, convention = record["loan"], record["convention"]
    rate, every, rounding = Fraction(loan["annual_rate_percent"]) / 100, loan["every"], convention["rounding"]
    start, number = date.fromisoformat(loan["start_date"]), loan["instalments"]
    days = [day_due(start, every * place, convention["due_dates"]) for place in range(number + 1)]
    rates = [rate * part_of_year(convention["day_count"], *each, every) for each in pairwise(days)]
    if convention["method"] == "interest_only":
        principals = [0] * (number - 1) + [principal]
        return [
            (days[place + 1].isoformat(), principals[place], whole(principal * rates[place], rounding))
            for place in range(number)
        ]
    factor, worth = Fraction(1), Fraction(0)
    for each in rates:
        factor /= 1 + each
        worth += factor
    level, left, rows = whole(principal / worth, rounding), principal, []
    for place, each in enumerate(rates):
        interest = whole(left * each, rounding)
        takes = left if place == number - 1 else min(left, max(0, level - interest))
        left -= takes
        rows.append((days[place + 1].isoformat(), takes, interest))
    return rows


@settings(max_examples=CASES, deadline=None)
@given(
    start=st.dates(date(2023, 1, 1), date(2028, 12, 31)) | st.sampled_from([date(2023, 12, 31), date(2024, 1, 30)]),
    principal=st.integers(1_000, 10**8),
    decimals=st.sampled_from([0, 2, 3]),
    rate=st.decimals(0, 60, places=3),
    number=st.integers(1, 40),
    every=st.sampled_from([1, 1, 2, 3, 12]),
    count=st.sampled_from(DAY_COUNTS),
    rounding=st.sampled_from(["half_up", "half_even"]),
    due=st.sampled_from([LAST_DAY, FIRST_DAY]),
    method=st.sampled_from(["equal_instalment_declining_balance"] * 3 + ["interest_only"]),
)
def test_a_schedule_is_what_somebody_reckons_apart(
    start: date,
    principal: int,
    decimals: int,
    rate: Decimal,
    number: int,
    every: int,
    count: str,
    rounding: str,
    due: str,
    method: str,
) -> None:
    record: dict[str, Any] = {
        "convention": {
            "method": method,
            "day_count": count,
            "rounding": rounding,
            "decimals": decimals,
            "due_dates": due,
        },
        "loan": {
            "principal": str(Decimal(principal).scaleb(-decimals)),
            "annual_rate_percent": str(rate),
            "instalments": number,
            "every": every,
            "unit": "MONTHS",
            "start_date": start.isoformat(),
        },
    }
    rows = schedules.answer(Fields(record))["instalments"]
    found = [
        (row["due_date"], *(int(Decimal(row[part]).scaleb(decimals)) for part in ("principal", "interest")))
        for row in rows
    ]
    assert found == reckoned(record, principal)
    assert all(Decimal(row["total"]) == Decimal(row["principal"]) + Decimal(row["interest"]) for row in rows)
