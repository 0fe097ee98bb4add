"""The life of a loan: whatever happens, its schedule and its bookings say the same, a quote settles, and the cap holds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money import instalments, lives
from domain.money.cap import Flow, costs_more, flow
from domain.money.conventions import LONGAN, Rounding
from domain.money.lives import LoanLife, live, payoff
from domain.money.loans import NOTHING, Act, Amortisation, Booking, BookingKind, LoanEvent, LoanTerms, Parts
from tests.domain.money.lending import CAP, LoanStory, stories, terms
from tests.domain.money.oracle import simulate

LATER = timedelta(days=500)


def advance(on: date, amount: int, withheld: int = 0) -> LoanEvent:
    return LoanEvent(Act.ADVANCE, on, amount, withheld=withheld, ref="advance")


def payment(on: date, amount: int) -> LoanEvent:
    return LoanEvent(Act.PAYMENT, on, amount, ref="payment")


def total(bookings: Iterable[Booking]) -> Parts:
    return sum((booking.parts for booking in bookings), NOTHING)


@settings(max_examples=40, deadline=None)
@given(story=stories())
def test_whatever_happens_all_that_is_told_of_it_agrees(story: LoanStory) -> None:
    life = live(story.terms, story.events, story.on)
    _check_that_no_balance_is_below_nothing(life)
    assert [booking.on for booking in life.bookings] == sorted(booking.on for booking in life.bookings)
    assert total(life.bookings) == life.owed
    assert sum(row.outstanding for row in life.rows) + life.cut >= life.owed.total
    left = sum(row.due.principal - row.paid.principal for row in life.rows)
    assert 0 <= life.owed.principal - left <= life.cut
    assert all(min(row.due) >= 0 and min(row.paid) >= 0 and min(row.due - row.paid) >= 0 for row in life.rows)
    paid = sum(event.amount for event in story.events if event.act is Act.PAYMENT)
    repaid = [booking for booking in life.bookings if booking.kind is BookingKind.REPAYMENT]
    assert -total(repaid).total + sum(booking.credit for booking in repaid) == paid


def _check_that_no_balance_is_below_nothing(life: LoanLife) -> None:
    owed, credit = NOTHING, 0
    for booking in life.bookings:
        owed, credit = owed + booking.parts, credit + booking.credit
        assert min(owed) >= 0 and credit >= 0
    assert credit == life.credit


@settings(max_examples=40, deadline=None)
@given(story=stories())
def test_a_quote_settles_everything_to_the_cent_and_for_ever_within_the_cap(story: LoanStory) -> None:
    life, quoted = live(story.terms, story.events, story.on), payoff(story.terms, story.events, story.on)
    if quoted is None:
        assert life.is_settled and not any(row.outstanding for row in life.rows)
        return
    assert quoted.amount + quoted.waived == life.owed.total + life.accrued
    paid = [*story.events, payment(story.on, quoted.amount)]
    for on in (story.on, story.on + LATER):
        settled = live(story.terms, paid, on)
        assert (settled.owed.total, settled.accrued, settled.is_settled) == (0, 0, True)
        assert sum(row.outstanding for row in settled.rows) == 0
    assert not costs_more(flows(story, settled), CAP)
    if quoted.amount > 1:
        short = live(story.terms, [*story.events, payment(story.on, quoted.amount - 1)], story.on)
        assert short.owed.total + short.accrued == 1 + quoted.waived


def flows(story: LoanStory, life: LoanLife) -> list[Flow]:
    """All that was paid and got, with credit as not paid."""
    start = story.events[0].on
    got = [event for event in story.events if event.act is Act.ADVANCE]
    paid = [each for each in life.bookings if each.kind in (BookingKind.REPAYMENT, BookingKind.REFUND)]
    return [
        *(flow(event.withheld - event.amount, start, event.on) for event in got),
        *(flow(-each.parts.total, start, each.on) for each in paid),
    ]


@settings(max_examples=40, deadline=None)
@given(story=stories())
def test_who_pays_what_is_planned_on_its_days_owes_nothing_and_paid_no_more_than_the_cap(story: LoanStory) -> None:
    rows = live(story.terms, story.events, story.on).rows
    paid = [payment(max(story.on, row.due_on), row.outstanding) for row in rows if row.outstanding]
    settled = live(story.terms, [*story.events, *paid], max([story.on, *(each.on for each in paid)]) + LATER)
    assert settled.is_settled or not story.events
    assert not costs_more(flows(story, settled), CAP)
    assert settled.credit == live(story.terms, story.events, story.on).credit, "the schedule asked for too much"


@settings(max_examples=20, deadline=None)
@given(story=stories(), place=st.integers(1, 9))
def test_what_is_dated_back_is_posted_without_a_balance_below_nothing(story: LoanStory, place: int) -> None:
    without = [event for event in story.events if event.ref != str(place)]
    posted, life = live(story.terms, without, story.on), live(story.terms, story.events, story.on)
    owed, credit = posted.owed, posted.credit
    for change in lives.corrections(posted.bookings, life.bookings):
        sign = -1 if change.reverses else 1
        owed = owed - change.booking.parts if change.reverses else owed + change.booking.parts
        credit += sign * change.booking.credit
        assert min(owed) >= 0 and credit >= 0
    assert (owed, credit) == (life.owed, life.credit)


@settings(max_examples=40, deadline=None)
@given(
    agreed=terms(conventions=[LONGAN, replace(LONGAN, rounding=Rounding.DOWN)]),
    amount=st.integers(5_000, 2_000_000),
    start=st.dates(date(2023, 1, 1), date(2024, 12, 31)),
    paid=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 100)), max_size=8),
)
def test_is_what_somebody_finds_who_counts_day_by_day(
    agreed: LoanTerms, amount: int, start: date, paid: list[tuple[int, int]]
) -> None:
    agreed = replace(agreed, cap=None)
    payments = sorted((start + timedelta(days=days), share * amount // 300) for days, share in paid)
    events = [advance(start, amount), *(payment(on, each) for on, each in payments if each)]
    on = start + timedelta(days=450)
    found = simulate(agreed, start, amount, [each for each in payments if each[1]], on)
    life = live(agreed, events, on)
    assert [(row.due.principal, row.due.interest) for row in life.rows] == found.rows
    assert [row.due.penalties for row in life.rows] == found.penalties
    assert (life.owed.total + life.accrued, life.credit) == (found.owed, found.credit)


@pytest.mark.parametrize("start", [date(2026, 11, 29), date(2024, 1, 31), date(2023, 12, 30)])
@pytest.mark.parametrize("rounding", [Rounding.HALF_UP, Rounding.DOWN])
@pytest.mark.parametrize("amortisation", [Amortisation.EQUAL, Amortisation.INTEREST_ONLY])
def test_drawn_at_once_it_is_the_offer_to_the_cent_whatever_the_day(
    start: date, rounding: Rounding, amortisation: Amortisation
) -> None:
    rate, convention = Decimal("0.1488"), replace(LONGAN, rounding=rounding)
    agreed = LoanTerms(rate, 24, amortisation=amortisation, convention=convention)
    offered = instalments.plan(1_234_567, rate, 24, rounding, amortisation)
    rows = lives.plan(agreed, [advance(start, 1_234_567)])
    assert [(row.due.principal, row.due.interest) for row in rows] == [(row.principal, row.interest) for row in offered]


def test_an_offer_tells_how_it_was_rounded() -> None:
    for rounding in (Rounding.HALF_UP, Rounding.DOWN):
        for amortisation in (Amortisation.EQUAL, Amortisation.INTEREST_ONLY):
            offered = instalments.plan(1_234_533, CAP, 7, rounding, amortisation)
            assert instalments.rounding_of(offered, CAP, amortisation) is rounding
    with pytest.raises(ValueError, match="nobody plans"):
        instalments.rounding_of([instalments.Instalment(1, 100, 90, 10)], CAP)


def test_the_31st_comes_back_and_leap_days_count_as_any() -> None:
    rows = lives.plan(LoanTerms(Decimal("0.12"), 4), [advance(date(2024, 1, 31), 400_000)])
    assert [row.due_on for row in rows] == [date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30), date(2024, 5, 31)]
    assert [row.due.total for row in rows] == [102_512] * 3 + [102_514]


def test_of_yen_nothing_is_smaller_than_one() -> None:
    rows = lives.plan(LoanTerms(Decimal("0.15"), 3), [advance(date(2026, 1, 1), 100_000)])
    assert [tuple(row.due)[:2] for row in rows] == [(32_920, 1_250), (33_331, 839), (33_749, 422)]


def test_interest_only_leaves_all_of_the_principal_to_the_last() -> None:
    agreed = LoanTerms(Decimal("0.12"), 3, Amortisation.INTEREST_ONLY)
    rows = lives.plan(agreed, [advance(date(2026, 1, 31), 1_000_000)])
    assert [tuple(row.due)[:2] for row in rows] == [(0, 10_000), (0, 10_000), (1_000_000, 10_000)]


def test_a_later_draw_is_spread_over_the_rows_to_come() -> None:
    agreed, start = LoanTerms(Decimal("0.12"), 3), date(2026, 1, 1)
    rows = lives.plan(agreed, [advance(start, 300_000), advance(date(2026, 2, 16), 300_000)])
    assert [row.due.total for row in rows] == [102_007, 253_453, 253_452]
    assert sum(row.due.principal for row in rows) == 600_000


def test_what_is_drawn_after_all_was_paid_off_is_spread_over_the_rows_to_come() -> None:
    agreed, start, on = LoanTerms(Decimal("0.12"), 3), date(2026, 1, 1), date(2026, 1, 16)
    events = [advance(start, 300_000), payment(on, 301_452), advance(on, 300_000)]
    rows = live(agreed, events, on).rows
    # From the 16th on, sixteen days of January are 1,548.39, and then two whole months.
    assert [row.outstanding for row in rows] == [101_518, 101_518, 101_517]
    assert [row.due - row.paid for row in rows] == [Parts(99_970, 1_548), Parts(99_518, 2_000), Parts(100_512, 1_005)]


def test_a_draw_while_a_row_is_paid_ahead_leaves_it_paid() -> None:
    agreed, start, on = LoanTerms(Decimal("0.12"), 3), date(2026, 1, 1), date(2026, 1, 16)
    events = [advance(start, 300_000), payment(on, 102_007), advance(date(2026, 1, 20), 100_000)]
    rows = live(agreed, events, date(2026, 1, 20)).rows
    assert [row.outstanding for row in rows] == [0, 152_691, 152_676]


def test_a_fee_that_was_withheld_comes_back_with_a_payoff_on_the_first_day() -> None:
    agreed, start = LoanTerms(Decimal("0.12"), 12, cap=CAP), date(2026, 1, 1)
    quoted = payoff(agreed, [advance(start, 100_000, withheld=2_000)], start)
    assert quoted is not None
    assert (quoted.amount, quoted.waived, quoted.parts) == (98_000, 2_000, Parts(principal=98_000))
    life = live(agreed, [advance(start, 100_000, withheld=2_000), payment(start, 100_000)], start)
    assert (life.owed.total, life.credit) == (0, 2_000)


@settings(max_examples=15, deadline=None)
@given(rate=st.decimals(0, CAP, places=4), amount=st.integers(10_000, 5_000_000), day=st.integers(0, 200))
def test_what_may_be_charged_is_all_that_may_be_charged(rate: Decimal, amount: int, day: int) -> None:
    agreed, start = LoanTerms(rate, 6, cap=CAP), date(2026, 1, 31)
    events, on = [advance(start, amount)], start + timedelta(days=day)
    allowed = lives.charge_allowed(agreed, events, on)
    assert allowed is not None
    planned = [flow(-amount, start, start)]
    planned += [flow(row.outstanding, start, max(on, row.due_on)) for row in live(agreed, events, on).rows]
    assert allowed == 0 or not costs_more([*planned, flow(allowed, start, on)], CAP)
    assert costs_more([*planned, flow(allowed + 1, start, on)], CAP)


def test_credit_is_theirs_and_buys_nothing_from_the_cap() -> None:
    agreed, start = LoanTerms(Decimal("0.12"), 12, cap=CAP), date(2026, 1, 1)
    events = [advance(start, 100_000), payment(start, 10_000_000)]
    life = live(agreed, events, date(2026, 12, 31))
    assert (life.owed.total, life.credit) == (0, 9_900_000)
    events.append(advance(date(2026, 12, 1), 100_000))
    again, quoted = live(agreed, events, date(2027, 1, 1)), payoff(agreed, events, date(2027, 1, 1))
    assert (again.owed.principal, again.owed.interest, again.credit) == (100_000, 1_000, 9_900_000)
    assert quoted is not None
    assert (quoted.amount, quoted.waived) == (101_000, 0)


def test_a_pause_bears_no_interest_on_both_its_days() -> None:
    agreed, start = LoanTerms(Decimal("0.12"), 1), date(2026, 4, 1)
    pause = LoanEvent(Act.PAUSE, date(2026, 4, 11), until=date(2026, 4, 20))
    rows = live(agreed, [advance(start, 300_000), pause], start).rows
    assert rows[0].due.interest == 3_000
    rows = live(agreed, [advance(start, 300_000), pause], date(2026, 4, 11)).rows
    assert rows[0].due.interest == 2_000


def test_what_is_waived_is_no_longer_due() -> None:
    agreed, start = LoanTerms(Decimal("0.12"), 2), date(2026, 1, 1)
    waiver = LoanEvent(Act.WAIVER, date(2026, 2, 1), 1_000, ref="w")
    fee = LoanEvent(Act.FEE, date(2026, 2, 1), 300, ref="f")
    life = live(agreed, [advance(start, 100_000), fee, waiver], date(2026, 2, 1))
    assert life.rows[0].due == Parts(principal=49_751, interest=300)
    assert life.owed == Parts(principal=100_000, interest=300)


@pytest.mark.parametrize("start", [date(2026, 1, 28), date(2026, 1, 30), date(2026, 1, 31), date(2027, 8, 31)])
def test_what_lies_at_the_cap_loses_nothing_whatever_day_of_the_month_it_began(start: date) -> None:
    agreed = LoanTerms(CAP, 8, convention=replace(LONGAN, rounding=Rounding.DOWN), cap=CAP)
    events = [advance(start, 5_000_000)]
    *rows, last = lives.plan(agreed, events)
    events += [payment(row.due_on, row.due.total) for row in rows]
    assert payoff(agreed, events, last.due_on) == lives.Payoff(last.due_on, last.due, waived=0)
