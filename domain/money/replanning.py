"""Replanning: the rows that are still to come get other days, or take less for a while; what has fallen due stays as it was."""

from datetime import date
from fractions import Fraction

from domain.money.legs import odd, regular
from domain.money.levelling import level
from domain.money.loans import Amortisation
from domain.money.planning import INTEREST, PRINCIPAL, LoanPlan


def change_due_day(plan: LoanPlan, on: date, day: int) -> None:
    """The next row moves to the first such day of a month that is not before its own; the others follow month by month."""
    if not plan.is_over:
        plan.calendar = plan.calendar.from_day(day, plan.number(plan.open))
        _redate(plan)
        _level_anew(plan, on)


def defer(plan: LoanPlan, on: date, months: int) -> None:
    """All rows that are still to come are due so many months later."""
    if not plan.is_over:
        plan.calendar = plan.calendar.later(months)
        _redate(plan)
        _level_anew(plan, on)


def lower(plan: LoanPlan, on: date, instalments: int) -> None:
    """Let so many rows take half of what they would, and as many are added in the end."""
    coming = [row for row in plan.open_rows if row.early is None][:instalments]
    if not coming or plan.terms.amortisation is not Amortisation.EQUAL or plan.is_fixed:
        return
    plan.lengthen(len(coming))
    half = plan.rounded(Fraction(plan.each, 2))
    for row in coming:
        row.is_lowered, row.level = True, max(half, row.paid[PRINCIPAL] + row.paid[INTEREST])
    _level_anew(plan, on)


def _redate(plan: LoanPlan) -> None:
    for place, row in enumerate(plan.open_rows, plan.open):
        before, row.due_on = row.due_on, plan.calendar.date(plan.number(place))
        if place == plan.open:
            row.legs += odd(before, row.due_on, plan.calendar.due_day)
        else:
            row.starts_on = plan.rows[place - 1].due_on
            row.legs = regular(row.starts_on, row.due_on, plan.convention)
    plan.lengthen(0)


def _level_anew(plan: LoanPlan, on: date) -> None:
    if plan.is_fixed or all(row.early is not None for row in plan.open_rows):
        return
    plan.spreads = plan.terms.amortisation is Amortisation.EQUAL
    level(plan, on)
