"""The order in which what is owed is paid, or given up, step by step. A step is a row's place, and a part of it."""

from collections.abc import Sequence
from datetime import date

from domain.money.conventions import CHARGES_FIRST, Convention, LoanPart, Order
from domain.money.rows import Row

Step = tuple[int, LoanPart]


def to_pay(rows: Sequence[Row], on: date, convention: Convention) -> list[Step]:
    """Row by row, the oldest first."""
    return [(place, part) for place, row in enumerate(rows) for part in _order(row, on, convention)]


def _order(row: Row, on: date, convention: Convention) -> Order:
    if row.due_on < on:
        return convention.past_due
    return convention.due if row.due_on == on else convention.ahead


def to_give_up(rows: Sequence[Row]) -> list[Step]:
    """Part by part, each of the oldest row first."""
    return [(place, part) for part in CHARGES_FIRST for place in range(len(rows))]
