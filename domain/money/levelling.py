"""Levelling: what is out is spread over the rows that are still to come, in equal instalments."""

from datetime import date
from fractions import Fraction
from itertools import islice

from domain.money.conventions import LoanPart
from domain.money.levels import level_payment
from domain.money.loans import Amortisation
from domain.money.planning import INTEREST, PRINCIPAL, LoanPlan
from domain.money.rounding import nearest
from domain.money.rows import Row


def level(plan: LoanPlan, on: date) -> None:
    """Plans the open rows anew."""
    rows = plan.open_rows
    if not rows:
        return
    match plan.terms.amortisation:
        case Amortisation.FLAT:
            _level_flat(plan)
            return
        case Amortisation.EQUAL:
            _level_equally(plan, on)
    if plan.is_fixed:
        for row, (principal, interest) in zip(rows, plan.open_amounts(on), strict=True):
            row.due |= {PRINCIPAL: principal, INTEREST: interest}


def _level_equally(plan: LoanPlan, on: date) -> None:
    rows, debt, carried = _behind_the_lowered(plan, on)
    first = rows[0]
    paid = (first.paid[INTEREST] if first.early is None else first.early) - first.again
    own = plan.balance.interest(first.legs, first.due_on, on, debt)
    rates = [plan.balance.rate * plan.part_of_year(row) for row in rows[1:]]
    exact = level_payment(debt + carried - paid + own, rates, [row.early is None for row in rows])
    plan.each = nearest(Fraction(*exact), plan.convention.rounding, plan.convention.multiple)
    _set(rows, plan.each)
    if plan.convention.smooths:
        _smooth(plan, plan.each, on)


def _behind_the_lowered(plan: LoanPlan, on: date) -> tuple[list[Row], int, int]:
    """The open rows that are to be equal, and what is out and carried on when they begin."""
    rows, debt, carried = plan.open_rows, plan.debt(), plan.carried
    lowered = max((place for place, row in enumerate(rows, 1) if row.is_lowered), default=0)
    *_, (_, debt, carried) = (None, debt, carried), *islice(plan.walk(on), lowered)
    return rows[lowered:], debt, carried


def _set(rows: list[Row], each: int) -> None:
    for row in rows:
        if row.early is None and not row.is_lowered:
            row.level = each + row.paid[PRINCIPAL] + row.paid[INTEREST]


def _smooth(plan: LoanPlan, each: int, on: date) -> None:
    """Spreads what the last instalment differs by over all of them, where that brings it nearer."""
    rows, before = plan.open_rows, _difference(plan, each, on)
    if abs(before) < len(rows) // 2:
        return
    better = each + nearest(Fraction(before, len(rows)), plan.convention.rounding)
    _set(rows, better)
    if abs(_difference(plan, better, on)) >= abs(before):
        _set(rows, each)


def _difference(plan: LoanPlan, each: int, on: date) -> int:
    return sum(plan.open_amounts(on)[-1]) - each


def _level_flat(plan: LoanPlan) -> None:
    """The interest of all rows is rounded once; the last row absorbs what the others leave of it, and of the principal."""
    rows, left = plan.open_rows, plan.left
    exact = [left * plan.balance.rate * plan.part_of_year(row) for row in rows]
    interest = plan.rounded(sum(exact, Fraction(0)))
    each = nearest(Fraction(left + interest, len(rows)), plan.convention.rounding, plan.convention.multiple)
    for row, own in zip(rows, exact, strict=True):
        is_last = row is plan.last
        bears = interest if is_last else min(interest, plan.rounded(own))
        takes = left if is_last else min(left, max(0, each - bears))
        row.due |= {LoanPart.PRINCIPAL: takes, LoanPart.INTEREST: bears}
        left, interest = left - takes, interest - bears
