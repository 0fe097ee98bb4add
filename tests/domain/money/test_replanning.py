"""What is still to come gets other days, or is less for a while: to the cent, and with nothing changed that has fallen due."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from domain.money.conventions import LONGAN
from domain.money.due_dates import Calendar
from domain.money.lives import live
from domain.money.loans import Act, Amortisation, LoanEvent, LoanTerms, PlannedRow

START = date(2027, 1, 15)
FIRST_PAID = LoanEvent(Act.PAYMENT, date(2027, 2, 15), 20_706)


def rows_after(*events: LoanEvent, terms: LoanTerms = LoanTerms(Decimal("0.12"), 6), on: date) -> Sequence[PlannedRow]:
    return live(terms, [LoanEvent(Act.ADVANCE, START, 120_000), *events], on).rows


def told(rows: Sequence[PlannedRow]) -> list[tuple[str, int, int]]:
    return [(row.due_on.isoformat(), row.due.principal, row.due.interest) for row in rows]


def test_another_due_day_moves_what_is_to_come_and_asks_for_the_odd_days() -> None:
    change = LoanEvent(Act.DUE_DAY, date(2027, 2, 20), number=31)
    before, after = (rows_after(FIRST_PAID, *more, on=date(2027, 2, 20)) for more in ([], [change]))
    assert told(after)[0] == told(before)[0] == ("2027-02-15", 19_506, 1_200)
    # A month and 16 thirtieths of one, at a hundredth a month, of 1,004.94 that is still out.
    assert (after[1].starts_on, after[1].due_on, after[1].due.interest) == (date(2027, 2, 15), date(2027, 3, 31), 1_541)
    assert [row.due_on.isoformat() for row in after[2:]] == ["2027-04-30", "2027-05-31", "2027-06-30", "2027-07-31"]
    assert {row.due.total for row in after[1:]} == {20_815}
    assert sum(row.due.principal for row in after) == 120_000


@pytest.mark.parametrize(
    ("start", "day", "moved"),
    [
        (date(2027, 1, 15), 15, date(2027, 2, 15)),
        (date(2027, 1, 15), 20, date(2027, 2, 20)),
        (date(2027, 1, 15), 1, date(2027, 3, 1)),
        (date(2027, 1, 31), 30, date(2027, 2, 28)),
        (date(2027, 12, 29), 30, date(2028, 1, 30)),
        (date(2028, 1, 31), 29, date(2028, 2, 29)),
        (date(2027, 12, 31), 30, date(2028, 2, 29)),
    ],
)
def test_no_instalment_is_due_sooner_than_it_was(start: date, day: int, moved: date) -> None:
    assert Calendar(start, LONGAN).from_day(day, 1).date(1) == moved


def test_a_deferral_moves_the_days_and_spreads_the_interest_that_goes_on() -> None:
    pause = LoanEvent(Act.DEFERRAL, date(2027, 2, 15), until=date(2027, 5, 14), number=3)
    rows = rows_after(pause, on=date(2027, 4, 20))
    assert told(rows)[0] == ("2027-05-15", 16_521, 4_800)  # four months of interest
    assert {row.due.total for row in rows[:-1]} == {21_321} and rows[-1].due_on == date(2027, 10, 15)
    life = live(LoanTerms(Decimal("0.12"), 6), [LoanEvent(Act.ADVANCE, START, 120_000), pause], date(2027, 5, 14))
    assert (life.overdue, life.owed.total) == (0, 120_000), "nothing falls due in it"


def test_where_a_deferral_brings_more_interest_than_an_instalment_it_is_carried_on_and_bears_none() -> None:
    pause = LoanEvent(Act.DEFERRAL, date(2027, 2, 15), until=date(2027, 5, 14), number=3)
    rows = rows_after(pause, terms=LoanTerms(Decimal("0.24"), 36), on=date(2027, 2, 20))
    assert [row.due.interest for row in rows[:3]] == [4_985, 4_985, 4_430]
    assert [row.due.principal for row in rows[:3]] == [0, 0, 555]
    assert 4_985 + 4_985 + 4_430 == 6 * 2_400, "interest of six months on all of it, and none on interest"
    assert max(row.due.total for row in rows) == 4_985


def test_half_is_due_for_a_while_and_later_never_more_than_before() -> None:
    lower = LoanEvent(Act.LOWERING, date(2027, 2, 15), until=date(2027, 5, 14), number=3)
    rows = rows_after(lower, on=date(2027, 2, 15))
    assert [row.due.total for row in rows] == [*[10_353] * 3, *[15_920] * 5, 15_922]
    assert [row.number for row in rows] == [*range(1, 10)]
    assert sum(row.due.principal for row in rows) == 120_000


@pytest.mark.parametrize("act", [Act.DEFERRAL, Act.LOWERING])
def test_nothing_is_charged_while_it_lasts_also_where_it_began_earlier(act: Act) -> None:
    late_fee = LoanEvent(Act.PENALTY, date(2027, 2, 16), 500)
    hardship = LoanEvent(act, date(2027, 2, 10), until=date(2027, 5, 9), number=3)
    terms, advance = LoanTerms(Decimal("0.12"), 6), LoanEvent(Act.ADVANCE, START, 120_000)
    assert live(terms, [advance, late_fee], date(2027, 3, 1)).owed.penalties == 500
    assert live(terms, [advance, late_fee, hardship], date(2027, 3, 1)).owed.penalties == 0


def test_of_interest_alone_the_days_move_and_nothing_is_lowered() -> None:
    terms = LoanTerms(Decimal("0.12"), 3, Amortisation.INTEREST_ONLY)
    pause = LoanEvent(Act.DEFERRAL, date(2027, 2, 1), until=date(2027, 2, 28), number=1)
    assert told(rows_after(pause, terms=terms, on=START)) == told(rows_after(terms=terms, on=START))
    assert told(rows_after(pause, terms=terms, on=date(2027, 2, 1))) == [
        ("2027-03-15", 0, 2_400),
        ("2027-04-15", 0, 1_200),
        ("2027-05-15", 120_000, 1_200),
    ]
    lower = LoanEvent(Act.LOWERING, date(2027, 2, 1), until=date(2027, 2, 28), number=1)
    assert told(rows_after(lower, terms=terms, on=date(2027, 2, 1))) == told(rows_after(terms=terms, on=START))
