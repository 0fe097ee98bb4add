"""The life of one loan, worked out from what happened: what is planned, booked, owed and still allowed. It stores nothing.

Every call replays all events in the order of their value dates (of one day: in the order given), so a back-dated event is
simply one more. Undoing one is leaving it out. Amounts are minor units. What agreements may call:

- `live(terms, events, on)`: all of it, as it stands at the end of the day `on`. `LoanLife.bookings` is what a ledger posts.
- `plan(terms, advances)`: the instalments before anything is paid.
- `payoff(terms, events, on)`: what settles everything that day; a PAYMENT of that amount that day does.
- `charge_allowed(terms, events, on)`: how much more may be charged that day under the cap.
- `corrections(posted, bookings)`: what to post so that the ledger says `bookings`, after a back-dated event for example.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from domain.money.conventions import LoanPart, Recalculation
from domain.money.loans import NOTHING, Booking, LoanEvent, LoanTerms, Parts, PlannedRow
from domain.money.replaying import LoanReplay
from domain.money.rows import no_amounts, parts


@dataclass(frozen=True)
class Payoff:
    """What settles everything on a day. `waived` is what the cap cuts; `parts` are what is left, and add up to `amount`.

    Penalties are cut first, then fees, interest, and at last the principal: a fee that was withheld comes back that way.
    """

    on: date
    parts: Parts
    waived: int

    @property
    def amount(self) -> int:
        return self.parts.total


@dataclass(frozen=True)
class LoanLife:
    """`owed` is booked to date and unpaid; `accrued` is interest since then, booked when it falls due or is paid; `credit` is
    what was paid too much. All that is booked adds up to `owed.total - credit`. `next_on`: when interest falls due next, or a late
    fee is charged; `cut`: what the cap takes off the last rows.
    """

    on: date
    rows: tuple[PlannedRow, ...]
    bookings: tuple[Booking, ...]
    owed: Parts
    accrued: int
    credit: int
    next_on: date | None
    cut: int = field(default=0, kw_only=True)

    @property
    def is_settled(self) -> bool:
        """Whether money was advanced and nothing of it is owed any more."""
        return bool(self.rows) and not self.owed.total and not self.accrued

    @property
    def ends_on(self) -> date | None:
        """The day of the last row."""
        return self.rows[-1].due_on if self.rows else None

    @property
    def next_due(self) -> PlannedRow | None:
        """The oldest row that is not paid; overdue where it was due before `on`."""
        return next((row for row in self.rows if row.outstanding), None)

    @property
    def overdue(self) -> int:
        """What was due before `on` and is not paid."""
        return sum(row.outstanding for row in self.rows if row.due_on < self.on)


@dataclass(frozen=True)
class Correction:
    """A line to post; or, where it `reverses`, a line that stands and is to be posted the other way round."""

    booking: Booking
    reverses: bool


def live(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> LoanLife:
    """The loan at the end of the day `on`; later events do not count yet."""
    replay = _replayed(terms, events, on)
    planned = replay.planned(on)
    rows = replay.within_cap(planned, on)
    owed = sum((booking.parts for booking in replay.bookings), NOTHING)
    payable = 0 if replay.is_fixed else sum(amounts[LoanPart.INTEREST] for amounts in replay.payable(on))
    return LoanLife(
        on=on,
        rows=tuple(rows),
        bookings=tuple(replay.bookings),
        owed=owed,
        accrued=max(0, payable - owed.interest),
        credit=replay.credit,
        next_on=replay.next_on,
        cut=sum(row.outstanding for row in planned) - sum(row.outstanding for row in rows),
    )


def plan(terms: LoanTerms, advances: Sequence[LoanEvent]) -> tuple[PlannedRow, ...]:
    """What is due when, if all is paid on its day. Of several advances the later ones re-plan what is open."""
    if not advances:
        return ()
    on_their_days = replace(terms, convention=replace(terms.convention, recalculation=Recalculation.NONE))
    return live(on_their_days, advances, max(each.on for each in advances)).rows


def payoff(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> Payoff | None:
    """What settles everything on that day, cut so that the cap holds; None when nothing is owed."""
    replay = _replayed(terms, events, on)
    owed, allowed = replay.owed(on), replay.allowed(on)
    if not owed:
        return None
    waived = 0 if allowed is None else max(0, owed - allowed)
    left, parts_left = waived, no_amounts()
    payable = replay.payable(on)
    for part in LoanPart:
        due = sum(amounts[part] for amounts in payable)
        parts_left[part] = due - min(left, due)
        left -= min(left, due)
    return Payoff(on, parts(parts_left), waived)


def charge_allowed(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> int | None:
    """How much more may be charged on that day before the cap is passed, if all that is owed is then paid as planned; None
    where nothing caps it.
    """
    replay = _replayed(terms, events, on)
    allowed = replay.allowed(on, replay.planned(on))
    return None if allowed is None else max(0, allowed)


def corrections(posted: Iterable[Booking], bookings: Iterable[Booking]) -> tuple[Correction, ...]:
    """What to post so that the lines that stand are `bookings`; `posted` are those that stand now, without the reversed ones.

    What adds comes before what takes, so that no balance is below nothing in between.
    """
    stand, wanted = Counter(posted), Counter(bookings)
    changes = [Correction(booking, reverses=True) for booking in (stand - wanted).elements()]
    changes += [Correction(booking, reverses=False) for booking in (wanted - stand).elements()]
    return tuple(sorted(changes, key=lambda change: _takes(change.booking) is not change.reverses))


def _takes(booking: Booking) -> bool:
    return booking.parts.total < 0 or booking.credit < 0


def _replayed(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> LoanReplay:
    replay = LoanReplay(terms)
    replay.run([event for event in events if event.on <= on], on)
    return replay
