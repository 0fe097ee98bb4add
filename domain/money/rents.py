"""The life of a lease, worked out from what happened, as `lives` does of loans: rents, payments, what is owed. It stores nothing.

A month of rent begins on the day of the month on which the lease began, and is due on that day, before it is lived. Of a part
of a month each of its days counts alike, the last one too. What is paid ahead is credit, and pays what falls due next.
Wherever a loan has its principal, a lease has its rent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from domain.money.conventions import LONGAN, Convention, LoanPart, Order
from domain.money.day_counts import DAY
from domain.money.due_dates import due_date
from domain.money.lives import LoanLife, Payoff
from domain.money.loans import NOTHING, Act, BookingKind, LoanEvent, PlannedRow
from domain.money.replays import LifeReplay
from domain.money.rounding import nearest
from domain.money.rows import Amounts, no_amounts, parts

CHARGES = {Act.FEE: (LoanPart.FEE, BookingKind.FEE), Act.PENALTY: (LoanPart.PENALTY, BookingKind.PENALTY)}


@dataclass(frozen=True)
class RentTerms:
    """`monthly` for `months`, from the day `starts_on`, which is paid for. `leaves_on` is an earlier last day; None without one."""

    monthly: int
    months: int
    starts_on: date
    leaves_on: date | None = None
    convention: Convention = LONGAN

    @property
    def ends_on(self) -> date:
        """The last day that is paid for."""
        agreed = self.day(self.months) - DAY
        return agreed if self.leaves_on is None else min(agreed, self.leaves_on)

    def day(self, months: int) -> date:
        return due_date(self.starts_on, months, self.convention)


@dataclass(frozen=True)
class RentMonth:
    """`ends_on` is the last day of it that is lived."""

    number: int
    starts_on: date
    ends_on: date
    rent: int


@dataclass(frozen=True)
class RentLife(LoanLife):
    """`last_day` is that of the lease; `holds_deposit`: whether something of its deposit is still to go somewhere."""

    last_day: date
    holds_deposit: bool

    @property
    def ends_on(self) -> date:
        return self.last_day

    @property
    def is_over(self) -> bool:
        return self.on > self.last_day

    @property
    def is_settled(self) -> bool:
        return self.is_over and not self.owed.total and not self.holds_deposit


def rent_months(terms: RentTerms) -> Iterator[RentMonth]:
    """All months up to the last day; of a last month that is not lived whole, the rent of its days."""
    for number in range(1, terms.months + 1):
        first, following = terms.day(number - 1), terms.day(number)
        if first > terms.ends_on:
            return
        last = min(following - DAY, terms.ends_on)
        lived = Fraction((last - first).days + 1, (following - first).days)
        yield RentMonth(number, first, last, nearest(terms.monthly * lived, terms.convention.rounding))


def leaves_from(given_on: date, notice_days: int, ends_on: date) -> date:
    """The first day that a notice of this day can name as the last one of a lease, which may be the agreed one."""
    return min(given_on + notice_days * DAY, ends_on)


def terms_of(
    monthly: int, months: int, events: Sequence[LoanEvent], convention: Convention = LONGAN
) -> RentTerms | None:
    """The terms of a lease that began with a MOVE_IN, and of which notices may name an earlier last day; None before it has begun."""
    starts = next((event.on for event in events if event.act is Act.MOVE_IN), None)
    leaves = min((event.until for event in events if event.act is Act.NOTICE and event.until), default=None)
    return None if starts is None else RentTerms(monthly, months, starts, leaves, convention)


def live(terms: RentTerms, events: Sequence[LoanEvent], on: date) -> RentLife:
    """The lease at the end of the day `on`; later events do not count yet. Of those that `terms_of` reads only the deposit counts."""
    replay, held = _RentReplay(terms), 0
    for event in sorted((event for event in events if event.on <= on), key=lambda event: event.on):
        match event.act:
            case Act.MOVE_IN:
                held = event.amount
            case Act.DEPOSIT_SETTLED:
                held = 0
            case Act.NOTICE | Act.PAUSE | Act.DRAW_WAITED:  # rent bears no interest, and has no late fees
                continue
            case _:
                replay.fall_due(event.on)
                replay.take(event)
    replay.fall_due(on)
    return RentLife(
        on=on,
        rows=tuple(row.planned for row in replay.rows),
        bookings=tuple(replay.bookings),
        owed=sum((booking.parts for booking in replay.bookings), NOTHING),
        accrued=0,
        credit=replay.credit,
        next_on=next_on(terms, on, holds_deposit=held > 0),
        last_day=terms.ends_on,
        holds_deposit=held > 0,
    )


def next_on(terms: RentTerms, on: date, *, holds_deposit: bool = False) -> date | None:
    """The next day after this one on which rent falls due, or the lease is over; then each day until its deposit is settled."""
    days = [*(month.starts_on for month in rent_months(terms)), terms.ends_on + DAY]
    return next((day for day in days if day > on), on + DAY if holds_deposit else None)


def payoff(terms: RentTerms, events: Sequence[LoanEvent], on: date) -> Payoff | None:
    """What settles all that has fallen due by that day; None when nothing has."""
    owed = live(terms, events, on).owed
    return Payoff(on, owed, waived=0) if owed.total else None


@dataclass
class _Row:
    month: RentMonth
    due: Amounts
    paid: Amounts = field(default_factory=no_amounts)
    waived: Amounts = field(default_factory=no_amounts)
    settled_on: date | None = None

    @property
    def is_open(self) -> bool:
        return self.due != self.paid

    @property
    def planned(self) -> PlannedRow:
        waived, first = parts(self.waived), self.month.starts_on
        due, paid = parts(self.due) - waived, parts(self.paid) - waived
        return PlannedRow(self.month.number, first, first, due, paid, self.settled_on)

    def take(self, amount: int, order: Order, on: date) -> Amounts:
        """As much of an amount as is open, part by part."""
        taken = no_amounts()
        for part in order:
            taken[part] = min(amount, self.due[part] - self.paid[part])
            self.paid[part] += taken[part]
            amount -= taken[part]
        if any(taken.values()) and not self.is_open:
            self.settled_on = on
        return taken

    def open_again(self, amount: int, order: Order) -> Amounts:
        """As much of an amount as was paid, what is paid last first."""
        again = no_amounts()
        for part in reversed(order):
            again[part] = min(amount, self.paid[part] - self.waived[part])
            self.paid[part] -= again[part]
            amount -= again[part]
        if any(again.values()):
            self.settled_on = None
        return again


class _RentReplay(LifeReplay):
    def __init__(self, terms: RentTerms) -> None:
        super().__init__()
        self.order = terms.convention.past_due
        rents = [(month, no_amounts() | {LoanPart.PRINCIPAL: month.rent}) for month in rent_months(terms)]
        self.rows = [_Row(*each) for each in rents]
        self.fallen = 0  # how many of them

    def fall_due(self, on: date) -> None:
        while self.fallen < len(self.rows) and (row := self.rows[self.fallen]).month.starts_on <= on:
            self.fallen += 1
            rent = no_amounts() | {LoanPart.PRINCIPAL: row.month.rent}
            self._charge(BookingKind.ADVANCE, row, rent, row.month.starts_on)

    def take(self, event: LoanEvent) -> None:
        match event.act:
            case Act.PAYMENT:
                left = self._spend(event, BookingKind.REPAYMENT)
                if left:
                    self._book(BookingKind.REPAYMENT, event.on, credit=left, ref=event.ref)
            case Act.WAIVER:
                self._spend(event, BookingKind.WAIVER)
            case Act.REFUND:
                self._give_back(event)
            case _:
                assert self.fallen, "charged before the lease began"
                part, kind = CHARGES[event.act]
                row = self.rows[self.fallen - 1]
                row.due[part] += event.amount
                row.settled_on = None
                self._charge(kind, row, no_amounts() | {part: event.amount}, event.on, event.ref)

    def _charge(self, kind: BookingKind, row: _Row, charge: Amounts, on: date, ref: str = "") -> None:
        """Credit pays of it what it can."""
        paid = parts(row.take(self.credit, self.order, on)) if self.credit else NOTHING
        self._book(kind, on, parts(charge) - paid, credit=-paid.total, number=row.month.number, ref=ref)

    def _spend(self, event: LoanEvent, kind: BookingKind) -> int:
        """What is left of an amount after all that has fallen due has taken of it, the oldest first."""
        left = event.amount
        for row in self.rows[: self.fallen]:
            taken = row.take(left, self.order, event.on)
            if total := sum(taken.values()):
                left -= total
                if kind is BookingKind.WAIVER:
                    row.waived = {part: amount + taken[part] for part, amount in row.waived.items()}
                self._book(kind, event.on, -parts(taken), number=row.month.number, ref=event.ref)
        return left

    def _give_back(self, event: LoanEvent) -> None:
        """Credit first. What is more, as where a rent fell due while the money was on its way, is owed again, the newest first."""
        from_credit = min(event.amount, self.credit)
        left = event.amount - from_credit
        for row in reversed(self.rows[: self.fallen]):
            again = row.open_again(left, self.order)
            if total := sum(again.values()):
                left -= total
                self._book(BookingKind.REFUND, event.on, parts(again), number=row.month.number, ref=event.ref)
        if from_credit:
            self._book(BookingKind.REFUND, event.on, credit=-from_credit, ref=event.ref)
