"""What was returned costs nothing from its first day on: fewer instalments of the same level, counted apart with fractions."""

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.money.conventions import LONGAN
from domain.money.instalments import plan
from domain.money.lives import LoanLife, live
from domain.money.loans import Act, Booking, BookingKind, LoanEvent, LoanTerms, Parts
from domain.money.rounding import nearest

START = date(2027, 1, 15)
Row = tuple[int, int]  # principal, interest


def fewer(amount: int, returned: int, rate: Decimal, months: int) -> list[Row]:
    """Month by month: the level of all of it is paid until nothing is left."""
    level, left, rows = plan(amount, rate, months)[0].due, amount - returned, list[Row]()
    for number in range(1, months + 1):
        interest = nearest(left * Fraction(rate) / 12, LONGAN.rounding)
        principal = left if number == months else min(left, max(0, level - interest))
        rows.append((principal, interest))
        left -= principal
    return rows


def bought(amount: int, rate: Decimal, months: int, *events: LoanEvent, on: date = START) -> LoanLife:
    return live(LoanTerms(rate, months), [LoanEvent(Act.ADVANCE, START, amount, ref="1"), *events], on)


@pytest.mark.parametrize("seed", range(60))
def test_a_part_that_is_returned_leaves_fewer_instalments(seed: int) -> None:
    chance = random.Random(seed)
    amount, months = chance.randint(100_00, 20_000_00), chance.choice([1, 3, 6, 12, 24])
    rate, returned = Decimal(chance.choice(["0", "0.096", "0.24"])), chance.randint(1, amount)
    back = LoanEvent(Act.RETURN, START, returned, ref="2")
    life = bought(amount, rate, months, back)
    assert [(row.due.principal, row.due.interest) for row in life.rows] == fewer(amount, returned, rate, months)
    assert life.owed.total == amount - returned
    assert life.bookings[-1] == Booking(BookingKind.RETURN, START, Parts(principal=-returned), number=1, ref="2")


def test_all_that_was_paid_for_what_is_returned_is_credit() -> None:
    fee, on = LoanEvent(Act.FEE, START, 18_00, ref="1"), date(2027, 2, 20)
    paid = [LoanEvent(Act.PAYMENT, START, 300_00, ref="3"), LoanEvent(Act.PAYMENT, date(2027, 2, 15), 100_00, ref="4")]
    back = LoanEvent(Act.RETURN, START, 1_200_00, withheld=18_00, ref="2")
    before = bought(1_200_00, Decimal("0.12"), 6, fee, *paid, on=on)
    after = bought(1_200_00, Decimal("0.12"), 6, fee, back, *paid, on=on)
    assert before.owed.total > 800_00 and before.credit == 0
    assert (after.owed.total, after.accrued, after.credit) == (0, 0, 400_00)
    assert {row.due.total for row in after.rows} == {0}


def test_a_return_comes_before_what_was_paid() -> None:
    back = LoanEvent(Act.RETURN, START, 600_00, withheld=9_00, ref="2")
    fee = LoanEvent(Act.FEE, START, 18_00, ref="1")
    after = bought(1_200_00, Decimal(0), 6, fee, back, LoanEvent(Act.PAYMENT, START, 700_00, ref="3"))
    assert (after.owed.total, after.credit) == (0, 91_00)


def test_of_a_fee_that_a_breathing_space_spared_nothing_comes_back() -> None:
    fee, pause = LoanEvent(Act.FEE, START, 18_00, ref="1"), LoanEvent(Act.PAUSE, START, until=date(2027, 3, 1), ref="3")
    back = LoanEvent(Act.RETURN, START, 600_00, withheld=9_00, ref="2")
    life = bought(1_200_00, Decimal("0.12"), 12, fee, back, pause)
    assert (life.owed, life.credit) == (Parts(principal=600_00), 0)
