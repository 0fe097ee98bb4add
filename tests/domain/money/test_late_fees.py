"""Late fees: once for what is open of an instalment after its days of grace, and never beyond the cap or in a hard time."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given

from domain.money.cap import costs_more, flow
from domain.money.lives import corrections, live, payoff
from domain.money.loans import Act, Booking, BookingKind, LoanEvent, LoanTerms, Parts
from tests.domain.money.lending import LoanStory, stories

START, CAP = date(2027, 1, 15), Decimal("0.24")
TERMS = LoanTerms(Decimal("0.12"), 6, cap=CAP, late_fee_rate=Decimal("0.05"))
ADVANCE = LoanEvent(Act.ADVANCE, START, 120_000)
GRACE_ENDS, CHARGED = date(2027, 2, 18), date(2027, 2, 19)  # of what is due on the 15th


def late_fees(*events: LoanEvent, terms: LoanTerms = TERMS, on: date = CHARGED) -> list[tuple[str, int]]:
    booked = live(terms, [ADVANCE, *events], on).bookings
    return [(each.on.isoformat(), each.parts.penalties) for each in booked if each.kind is BookingKind.PENALTY]


def paid(on: date, amount: int) -> LoanEvent:
    return LoanEvent(Act.PAYMENT, on, amount, ref=on.isoformat())


def test_it_is_charged_once_on_the_fourth_day_of_what_is_open() -> None:
    life = live(TERMS, [ADVANCE], CHARGED)
    assert life.bookings[-1] == Booking(BookingKind.PENALTY, CHARGED, Parts(penalties=1_035), number=1)  # of 207.06
    assert (life.rows[0].due.total, life.owed.penalties) == (20_706 + 1_035, 1_035)
    assert late_fees(on=GRACE_ENDS) == []
    assert late_fees(on=date(2027, 3, 14)) == [("2027-02-19", 1_035)]


def test_who_pays_in_the_days_of_grace_pays_no_more() -> None:
    assert late_fees(paid(GRACE_ENDS, 20_706)) == []
    assert late_fees(paid(GRACE_ENDS, 20_000)) == [("2027-02-19", 35)], "5 % of 7.06"
    assert late_fees(paid(CHARGED, 20_706)) == [("2027-02-19", 1_035)], "a day too late"


def test_a_payment_that_was_made_in_time_takes_it_back_however_late_it_is_known() -> None:
    before, after = live(TERMS, [ADVANCE], CHARGED), live(TERMS, [ADVANCE, paid(GRACE_ENDS, 20_706)], CHARGED)
    changes = corrections(before.bookings, after.bookings)
    assert [change.booking.kind for change in changes if change.reverses] == [BookingKind.PENALTY]


@pytest.mark.parametrize("act", [Act.DEFERRAL, Act.LOWERING])
@pytest.mark.parametrize("began", [date(2027, 2, 10), date(2027, 2, 15), CHARGED])
def test_none_is_charged_in_a_hard_time_that_touches_the_days_of_grace(act: Act, began: date) -> None:
    hardship = LoanEvent(act, began, until=began + timedelta(days=20), number=1)
    assert late_fees(hardship, on=date(2027, 3, 10)) == []


@pytest.mark.parametrize(
    ("since", "until", "is_charged"),
    [
        (date(2027, 2, 15), None, False),
        (GRACE_ENDS, CHARGED, False),
        (date(2027, 2, 15), GRACE_ENDS, True),
        (CHARGED, None, True),
    ],
)
def test_none_is_charged_on_a_day_on_which_a_draw_waits(since: date, until: date | None, is_charged: bool) -> None:
    wait = LoanEvent(Act.DRAW_WAITED, since, until=until)
    assert [on for on, _ in late_fees(wait, on=date(2027, 3, 10))] == ["2027-02-19"] * is_charged


@pytest.mark.parametrize("rate", [Decimal("0.2399"), CAP])
def test_the_cap_leaves_room_for_what_being_late_costs_less_than_it_and_no_more(rate: Decimal) -> None:
    """Who pays late pays interest without interest on it, which leaves a little room even at the cap."""
    near = LoanTerms(rate, 6, cap=CAP, late_fee_rate=Decimal("0.05"))
    on = date(2027, 8, 15)
    fees = [amount for _, amount in late_fees(terms=near, on=on)]
    assert len(fees) == 6 and 0 < max(fees) < 21_000 * 5 // 100
    quoted = payoff(near, [ADVANCE], on)
    assert quoted is not None
    assert not costs_more([flow(-120_000, START, START), flow(quoted.amount, START, on)], CAP)


def test_the_day_of_the_next_one_is_known_while_something_is_open() -> None:
    assert live(TERMS, [ADVANCE], date(2027, 2, 15)).next_on == CHARGED
    assert live(TERMS, [ADVANCE, paid(GRACE_ENDS, 20_706)], GRACE_ENDS).next_on == date(2027, 3, 15)
    assert live(TERMS, [ADVANCE], CHARGED).next_on == date(2027, 3, 15)


@given(stories())
def test_with_all_of_them_waived_a_loan_is_one_that_never_had_any(story: LoanStory) -> None:
    last = len(live(story.terms, story.events, story.on).rows)
    waived = [LoanEvent(Act.LATE_FEE_WAIVED, story.on, number=number) for number in range(1, last + 1)]
    without = live(replace(story.terms, late_fee_rate=Decimal(0)), story.events, story.on)
    assert replace(live(story.terms, [*story.events, *waived], story.on), next_on=without.next_on) == without


def test_one_that_is_waived_leaves_the_others() -> None:
    waived = LoanEvent(Act.LATE_FEE_WAIVED, CHARGED, number=1)
    assert late_fees(on=date(2027, 3, 19)) == [("2027-02-19", 1_035), ("2027-03-19", 1_035)]
    assert late_fees(waived, on=date(2027, 3, 19)) == [("2027-03-19", 1_035)]
    assert late_fees(waived, paid(date(2027, 2, 20), 20_706), on=date(2027, 3, 14)) == []
