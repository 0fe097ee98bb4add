"""A record of a rate or of a level payment, answered with as many decimals as it asks for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from api.cli.money.fields import Fields, Unsupported
from domain.money.cap import unit_periods
from domain.money.conventions import Rounding
from domain.money.day_counts import is_month_end
from domain.money.levels import level_payment
from domain.money.rates import Discounted, rate_of_return
from domain.money.roots import Term, sign_changes
from domain.money.rounding import nearest
from domain.money.unit_periods import PeriodUnit, UnitPeriod

DECIMALS, DECIMALS_MAX = 8, 30
PERIODS_MAX = 1200
FLOWS_MAX, CHANGES_MAX = 5000, 40
UNIT = re.compile(r"(?:(?P<number>\d{1,4})\s+)?(?P<unit>day|week|semimonth|month|year)(?:s|\(s\))?")

YEAR_DAYS, YEAR_MONTHS, MONTH_DAYS_MAX = 365, 12, 31
JULIAN_YEAR_DAYS = Fraction(1461, 4)

Flow = tuple[Fields, Fraction]


@dataclass(frozen=True)
class FlowCalendar:
    """The first day of all, and the day of the month that payments are due on; a month without it ends with it (Regulation Z,
    Appendix J (b)(3)).
    """

    start: date
    day: int | None

    @classmethod
    def of(cls, flows: list[Flow]) -> "FlowCalendar":
        dated = [(fields.day("date"), amount) for fields, amount in flows if "date" in fields]
        start = min((day for day, _ in dated), default=date.min)
        paid = [day for day, amount in dated if amount > 0]
        if all(map(is_month_end, [start, *paid])):
            return cls(start, MONTH_DAYS_MAX)
        return cls(start, max((day.day for day in paid), default=None))

    def due(self, until: date) -> int | None:
        return self.day if is_month_end(until) else None


def answer(record: Fields) -> dict[str, Any]:
    method = record.text("method")
    if method not in METHODS:
        raise Unsupported(f"method {method}")
    value = METHODS[method](record)
    return {"result": None if value is None else _written(value, record)}


def _written(value: Fraction, record: Fields) -> str:
    decimals = record.whole("result_decimals", 0, DECIMALS_MAX) if "result_decimals" in record else DECIMALS
    return f"{Decimal(nearest(value * 10**decimals, Rounding.HALF_UP)).scaleb(-decimals):.{decimals}f}"


def _regulation_z(record: Fields) -> Fraction | None:
    """The rate a unit period, times the unit periods of a year (Appendix J (b)(1))."""
    each = record.fraction("unit_periods_per_year")
    if each <= 0:
        raise record.wrong("unit_periods_per_year", "This is to be above 0.")
    flows = _flows(record)
    dated = "date" in flows[0][0]
    rate = _solve(_by_unit_periods(record, flows) if dated else _by_places(record, flows))
    return None if rate is None else rate * each * _scale(record, "percent")


def _by_unit_periods(record: Fields, flows: list[Flow]) -> list[Discounted]:
    unit, calendar = _unit(record), FlowCalendar.of(flows)
    days = [(amount, fields.day("date")) for fields, amount in flows]
    counted = [(amount, unit.between(calendar.start, day, calendar.due(day))) for amount, day in days]
    return [Discounted(amount, Fraction(whole), odd) for amount, (whole, odd) in counted]


def _unit(record: Fields) -> UnitPeriod:
    found = UNIT.fullmatch(record.text("unit_period").strip().lower())
    if found is None:
        raise Unsupported(f"unit_period {record.text('unit_period')}")
    number = int(found["number"] or 1)
    if not number:
        raise record.wrong("unit_period", "This is to be above 0.")
    return UnitPeriod(number, PeriodUnit(found["unit"]))


def _by_places(record: Fields, flows: list[Flow]) -> list[Discounted]:
    """Where only the first period is told: the others follow it, one period apart."""
    whole = record.whole("first_period_whole_unit_periods", 0, PERIODS_MAX)
    odd = record.fraction("first_period_odd_fraction")
    if not 0 <= odd <= 1:
        raise record.wrong("first_period_odd_fraction", "This is to be from {least} to {most}.", least=0, most=1)
    periods = [(amount, _place(fields, PERIODS_MAX)) for fields, amount in flows]
    return [
        Discounted(amount, place - 1 + whole, odd) if place else Discounted(amount, Fraction(0))
        for amount, place in periods
    ]


def _effective(years: Callable[[Fields, FlowCalendar], Fraction]) -> Callable[[Fields], Fraction | None]:
    """The yearly rate x by which amounts are discounted to the power of the years that have gone by."""

    def rate(record: Fields) -> Fraction | None:
        flows = _flows(record)
        calendar = FlowCalendar.of(flows)
        found = _solve([Discounted(amount, years(fields, calendar)) for fields, amount in flows])
        return None if found is None else found * _scale(record, "percent")

    return rate


def _years_of_days(length: Fraction) -> Callable[[Fields, FlowCalendar], Fraction]:
    def years(fields: Fields, calendar: FlowCalendar) -> Fraction:
        if "day" in fields:
            return _place(fields, YEAR_DAYS * 200, "day") / length
        return Fraction((fields.day("date") - calendar.start).days) / length

    return years


def _years_of_equal_months(fields: Fields, calendar: FlowCalendar) -> Fraction:
    """Months count a twelfth each, odd days their part of a year of 365 days (Directive 2008/48/EC, Annex I)."""
    for name in ("month", "months", "period"):
        if name in fields:
            return _place(fields, PERIODS_MAX, name) / YEAR_MONTHS
    if "day" in fields:
        return _place(fields, YEAR_DAYS * 200, "day") / YEAR_DAYS
    day = fields.day("date")
    months, days = unit_periods(calendar.start, day, calendar.due(day))
    return Fraction(months, YEAR_MONTHS) + Fraction(days, YEAR_DAYS)


def _per_period(record: Fields) -> Fraction | None:
    flows = [(amount, place, fields) for place, (fields, amount) in enumerate(_flows(record))]
    rate = _solve(
        [
            Discounted(amount, _place(fields, PERIODS_MAX) if "period" in fields else Fraction(place))
            for amount, place, fields in flows
        ]
    )
    return None if rate is None else rate * _scale(record, "fraction")


def _level_payment(record: Fields) -> Fraction:
    inputs = record.inner("inputs")
    rate, periods = inputs.fraction("rate_per_period"), inputs.whole("periods", 1, PERIODS_MAX)
    if rate <= -1:
        raise inputs.wrong("rate_per_period", "This is to be above -1.")
    return Fraction(*level_payment(inputs.fraction("present_value") * (1 + rate), [rate] * (periods - 1)))


def _principal_part(record: Fields) -> Fraction:
    """Of one level payment; each period's part is the last one's with its interest."""
    inputs, payment = record.inner("inputs"), _level_payment(record)
    rate = inputs.fraction("rate_per_period")
    period = inputs.whole("period", 1, inputs.whole("periods", 1, PERIODS_MAX))
    return (payment - rate * inputs.fraction("present_value")) * (1 + rate) ** (period - 1)


def _flows(record: Fields) -> list[Flow]:
    flows = record.each("cash_flows")
    if not 0 < len(flows) <= FLOWS_MAX:
        raise record.wrong("cash_flows", "There are to be from 1 to {most} of them.", most=FLOWS_MAX)
    return [(fields, Fraction(fields.number("amount"))) for fields in flows]


def _place(fields: Fields, most: int, name: str = "period") -> Fraction:
    return Fraction(fields.number(name, Decimal(0), Decimal(most)))


def _solve(flows: list[Discounted]) -> Fraction | None:
    ordered = sorted(flows, key=lambda flow: flow.periods + flow.odd)
    if sign_changes([Term(float(flow.amount), 0.0) for flow in ordered if flow.amount]) > CHANGES_MAX:
        raise Unsupported(f"amounts that change their sign more than {CHANGES_MAX} times")
    rate = rate_of_return(flows)
    return None if rate is None else Fraction(rate)


def _scale(record: Fields, usual: str) -> int:
    return 100 if record.text("result_unit", usual) == "percent" else 1


METHODS: dict[str, Callable[[Fields], Fraction | None]] = {
    "us_regz_actuarial": _regulation_z,
    "effective_equal_months": _effective(_years_of_equal_months),
    "effective_days_365": _effective(_years_of_days(Fraction(YEAR_DAYS))),
    "effective_days_365_25": _effective(_years_of_days(JULIAN_YEAR_DAYS)),
    "irr_per_period": _per_period,
    "level_payment_end_of_period": _level_payment,
    "principal_part_of_level_payment": _principal_part,
}
