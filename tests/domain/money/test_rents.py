"""The life of a lease: exact rents, and whatever happens, beside a count of it day by day with one purse."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.money.loans import NOTHING, Act, Booking, BookingKind, LoanEvent, Parts
from domain.money.rents import RentLife, RentTerms, leaves_from, live, payoff, rent_months, terms_of
from tests.domain.money.oracle import month

DAY, START = timedelta(days=1), date(2027, 1, 31)
YEAR = RentTerms(310_000, 12, date(2027, 3, 1))


def of(act: Act, on: date, amount: int, ref: str = "it") -> LoanEvent:
    return LoanEvent(act, on, amount, ref=ref)


def test_each_whole_month_costs_the_rent_and_the_last_one_its_days() -> None:
    whole = [*rent_months(RentTerms(240_000, 3, START))]
    assert [(each.starts_on.isoformat(), each.ends_on.isoformat(), each.rent) for each in whole] == [
        ("2027-01-31", "2027-02-27", 240_000),
        ("2027-02-28", "2027-03-30", 240_000),
        ("2027-03-31", "2027-04-29", 240_000),
    ]
    part = [*rent_months(RentTerms(240_000, 3, START, leaves_on=date(2027, 3, 9)))]
    assert [each.rent for each in part] == [240_000, 77_419]  # 10 of 31 days: 77,419.35


@pytest.mark.parametrize(
    ("leaves_on", "rents"),
    [
        ("2028-02-28", [310_000] * 11 + [299_310]),  # 28 of the 29 days of a leap year's February
        ("2027-05-01", [310_000, 310_000, 10_000]),
        ("2027-03-01", [10_000]),
        ("2027-04-30", [310_000] * 2),
        ("2030-01-01", [310_000] * 12),
    ],
)
def test_who_leaves_pays_to_their_last_day(leaves_on: str, rents: list[int]) -> None:
    terms = replace(YEAR, leaves_on=date.fromisoformat(leaves_on))
    assert [each.rent for each in rent_months(terms)] == rents
    assert terms.ends_on == min(date(2028, 2, 29), date.fromisoformat(leaves_on))


def test_a_notice_is_given_so_many_days_before_and_the_agreed_end_needs_no_more() -> None:
    assert leaves_from(date(2027, 5, 31), 30, YEAR.ends_on) == date(2027, 6, 30)
    assert leaves_from(date(2027, 5, 31), 0, YEAR.ends_on) == date(2027, 5, 31)
    assert leaves_from(date(2028, 2, 20), 30, YEAR.ends_on) == date(2028, 2, 29)


def test_rent_is_due_on_the_first_day_of_its_month_and_the_oldest_is_paid_first() -> None:
    events = [of(Act.PAYMENT, date(2027, 4, 2), 400_000), of(Act.PENALTY, date(2027, 4, 20), 500, "late")]
    life = live(YEAR, events, date(2027, 4, 30))
    assert [(row.due_on.isoformat(), row.due.total, row.paid.total, row.settled_on) for row in life.rows[:3]] == [
        ("2027-03-01", 310_000, 310_000, date(2027, 4, 2)),
        ("2027-04-01", 310_500, 90_000, None),
        ("2027-05-01", 310_000, 0, None),
    ]
    assert (life.owed, life.credit) == (Parts(principal=220_000, penalties=500), 0)
    assert [(each.kind.value, each.on.isoformat(), *each.parts, each.number) for each in life.bookings] == [
        ("ADVANCE", "2027-03-01", 310_000, 0, 0, 0, 1),
        ("ADVANCE", "2027-04-01", 310_000, 0, 0, 0, 2),
        ("REPAYMENT", "2027-04-02", -310_000, 0, 0, 0, 1),
        ("REPAYMENT", "2027-04-02", -90_000, 0, 0, 0, 2),
        ("PENALTY", "2027-04-20", 0, 0, 0, 500, 2),
    ]
    quote = payoff(YEAR, events, date(2027, 5, 1))
    assert quote and (quote.amount, quote.waived) == (530_500, 0)


def test_what_is_paid_ahead_pays_the_next_rent_and_what_is_left_is_credit() -> None:
    life = live(YEAR, [of(Act.PAYMENT, date(2027, 3, 2), 700_000)], date(2027, 4, 1))
    assert (life.owed.total, life.credit) == (0, 80_000)
    assert life.bookings[-1] == Booking(BookingKind.ADVANCE, date(2027, 4, 1), NOTHING, -310_000, 2)
    assert life.rows[1].settled_on == date(2027, 4, 1) and life.next_due == life.rows[2]


def test_a_notice_makes_what_was_paid_for_later_days_credit() -> None:
    paid = [of(Act.PAYMENT, date(2027, 3, 1), 310_000)]
    assert live(YEAR, paid, date(2027, 3, 20)).credit == 0
    left = live(replace(YEAR, leaves_on=date(2027, 3, 21)), paid, date(2027, 3, 21))
    assert (left.credit, left.owed.total, left.is_over, left.is_settled) == (100_000, 0, False, False)
    over = live(replace(YEAR, leaves_on=date(2027, 3, 21)), paid, date(2027, 3, 22))
    assert (over.credit, over.is_settled) == (100_000, True)


def test_a_deposit_that_is_held_keeps_a_lease_open() -> None:
    terms = replace(YEAR, leaves_on=date(2027, 3, 31))
    events = [of(Act.MOVE_IN, YEAR.starts_on, 100_000), of(Act.PAYMENT, date(2027, 3, 1), 310_000)]
    assert terms_of(310_000, 12, []) is None
    left = [*events, LoanEvent(Act.NOTICE, date(2027, 3, 1), until=date(2027, 3, 31))]
    assert terms_of(310_000, 12, left) == terms
    over = live(terms, left, date(2027, 4, 1))
    assert (over.is_over, over.holds_deposit, over.is_settled) == (True, True, False)
    done = live(terms, [*left, of(Act.DEPOSIT_SETTLED, date(2027, 4, 1), 0)], date(2027, 4, 1))
    assert (done.holds_deposit, done.is_settled) == (False, True)


def test_credit_that_a_rent_took_while_it_went_back_is_owed_again() -> None:
    events = [of(Act.PAYMENT, date(2027, 3, 1), 620_000), of(Act.REFUND, date(2027, 4, 2), 310_000)]
    life = live(YEAR, events, date(2027, 4, 3))
    assert (life.owed.principal, life.credit, life.next_due) == (310_000, 0, life.rows[1])


@dataclass(frozen=True)
class Story:
    terms: RentTerms
    on: date
    events: list[LoanEvent] = field(default_factory=list)


@st.composite
def lease_stories(draw: st.DrawFn) -> Story:
    start = draw(st.dates(date(2023, 12, 1), date(2028, 3, 1)))
    months = draw(st.integers(1, 24))
    leaves = draw(st.none() | st.integers(0, 31 * months).map(lambda days: start + days * DAY))
    terms = RentTerms(draw(st.integers(1, 5_000_000)), months, start, leaves)
    acts = draw(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 31 * months), st.integers(1, 9)), max_size=9))
    events = [
        of(act, start + days * DAY, max(1, terms.monthly * tenths // 4), f"{i}")
        for i, (act, days, tenths) in enumerate(acts)
    ]
    return Story(terms, start + draw(st.integers(-2, 32 * months)) * DAY, events)


ACTS = (Act.PAYMENT, Act.PAYMENT, Act.PAYMENT, Act.FEE, Act.PENALTY, Act.WAIVER)


class Purse:
    """A lease day by day: `owed` is below nothing where too much was paid; `shares` are its months as they are lived."""

    def __init__(self, story: Story) -> None:
        self.owed, terms, on = 0, story.terms, story.on
        rents = dict(self.rents(terms))
        day = terms.starts_on
        while day <= on:
            self.owed += rents.get(day, 0)
            for event in story.events:
                if event.on == day:
                    self.happen(event)
            day += DAY

    def rents(self, terms: RentTerms) -> list[tuple[date, int]]:
        found = []
        for number in range(terms.months):
            first, following = month(terms.starts_on, number), month(terms.starts_on, number + 1)
            days = [first + each * DAY for each in range((following - first).days)]
            lived = [day for day in days if terms.leaves_on is None or day <= terms.leaves_on]
            if lived:
                found.append((first, int(Fraction(terms.monthly * len(lived), len(days)) + Fraction(1, 2))))
        return found

    def happen(self, event: LoanEvent) -> None:
        match event.act:
            case Act.PAYMENT:
                self.owed -= event.amount
            case Act.WAIVER:
                self.owed -= min(max(0, self.owed), event.amount)
            case _:
                self.owed += event.amount


@settings(max_examples=120, deadline=None)
@given(story=lease_stories(), gives_back=st.booleans())
def test_a_lease_is_what_a_purse_says(story: Story, gives_back: bool) -> None:
    if gives_back and (credit := live(story.terms, story.events, story.on).credit):
        story = replace(story, events=[*story.events, of(Act.REFUND, story.on, credit, "back")])
    life, purse = live(story.terms, story.events, story.on), Purse(story)
    assert (life.owed.total, life.credit) == (max(0, purse.owed), max(0, -purse.owed))
    _check_that_all_that_is_told_of_it_agrees(life)


def _check_that_all_that_is_told_of_it_agrees(life: RentLife) -> None:
    owed, credit = NOTHING, 0
    for booking in life.bookings:
        owed, credit = owed + booking.parts, credit + booking.credit
        assert min(owed) >= 0 and credit >= 0 and not (owed.total and credit)
    assert (owed, credit) == (life.owed, life.credit)
    assert [booking.on for booking in life.bookings] == sorted(booking.on for booking in life.bookings)
    due = [row for row in life.rows if row.due_on <= life.on]
    assert sum((row.due - row.paid for row in due), NOTHING) == owed
    assert all((row.settled_on is None) == (row.outstanding > 0) for row in due if row.due.total)
    assert all(row.paid == NOTHING and row.settled_on is None for row in life.rows if row.due_on > life.on)
    paid = [row.outstanding == 0 for row in due]
    assert paid == sorted(paid, reverse=True), "the oldest is paid first"


def test_a_lease_names_the_next_day_on_which_something_falls_due_or_it_is_over() -> None:
    terms = RentTerms(1_000_00, 2, date(2027, 12, 31))
    days = [date(2027, 12, 30), date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 28), date(2028, 2, 29)]
    following = [live(terms, [], day).next_on for day in days]
    assert following == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 2, 29), None]
