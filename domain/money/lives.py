"""The life of one loan, worked out from what happened: what is planned, booked, owed and still allowed. It stores nothing.

Every call replays all events in the order of their value dates (of one day: in the order given), so a back-dated event is
simply one more. Undoing one is leaving it out. Amounts are minor units. What agreements may call:

- `live(terms, events, on)`: all of it, as it stands at the end of the day `on`. `Life.bookings` is what a ledger posts.
- `plan(terms, advances)`: the instalments before anything is paid.
- `payoff(terms, events, on)`: what settles everything that day; a PAYMENT of that amount that day does.
- `charge_allowed(terms, events, on)`: how much more may be charged that day under the cap.
- `corrections(posted, bookings)`: what to post so that the ledger says `bookings`, after a back-dated event for example.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.money.loans import Booking, LoanEvent, LoanTerms, Parts, PlannedRow


@dataclass(frozen=True)
class Payoff:
    """What settles everything on a day. `waived` is what the cap cuts; the parts are what is left, and add up to `amount`."""

    on: date
    parts: Parts
    waived: int

    @property
    def amount(self) -> int:
        return self.parts.total


@dataclass(frozen=True)
class Life:
    """`owed` is booked to date and unpaid, by part; `accrued` is interest since then, booked when due or paid for; `credit`
    is what was paid too much. The bookings add up to `owed.total - credit`.
    """

    on: date
    rows: tuple[PlannedRow, ...]
    bookings: tuple[Booking, ...]
    owed: Parts
    accrued: int
    credit: int

    @property
    def is_settled(self) -> bool:
        """Whether money was advanced and nothing of it is owed any more."""
        raise NotImplementedError

    @property
    def next_due(self) -> PlannedRow | None:
        """The oldest row that is not paid; overdue where it was due before `on`."""
        raise NotImplementedError

    @property
    def overdue(self) -> int:
        """What was due before `on` and is not paid."""
        raise NotImplementedError


def live(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> Life:
    """The loan at the end of the day `on`; later events do not count yet."""
    raise NotImplementedError


def plan(terms: LoanTerms, advances: Sequence[LoanEvent]) -> tuple[PlannedRow, ...]:
    """What is due when, if all is paid on its day. Of several advances the later ones re-plan what is open."""
    raise NotImplementedError


def payoff(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> Payoff | None:
    """What settles everything on that day, cut so that the cap holds; None when nothing is owed."""
    raise NotImplementedError


def charge_allowed(terms: LoanTerms, events: Sequence[LoanEvent], on: date) -> int:
    """How much more may be charged on that day, if all that is owed is then paid as planned, before the cap is passed."""
    raise NotImplementedError


def corrections(posted: Sequence[Booking], bookings: Sequence[Booking]) -> tuple[Booking, ...]:
    """What to post so that all that is posted says `bookings`: reversals (negative amounts) first, then what is new."""
    raise NotImplementedError
