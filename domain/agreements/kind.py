"""AgreementKind: all that tells agreements of one kind of product from the others."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.movements import MovementKind
from domain.ledger.kinds import AccountKind
from domain.money.lives import LoanLife, Payoff
from domain.money.loans import LoanEvent
from domain.notices.kinds import NoticeKind
from infra.database import Db
from infra.lifecycle import Lifecycle
from infra.words import N_


@dataclass(frozen=True)
class Books:
    """Which accounts of the ledger carry what the person gets, as it becomes owed, and how the statement calls that line.

    `owed` is what they owe for it, `given` its other side. `taken_from` is the part of the limit that it uses up; None where
    there is no limit. `is_earned`: whether it is earned as it becomes owed, as rent is, and not given.
    """

    owed: AccountKind
    given: AccountKind
    taken_from: AccountKind | None
    line: MovementKind
    is_earned: bool = False


@dataclass(frozen=True)
class Sentences:
    """What the statement says of what the person got, and of what they paid for it; the first two know `paid`, `fee`, `number`
    and `on`, the last one `principal`.
    """

    got: str
    got_less_fee: str
    repaid: str = N_("Your payment, thank you: {principal} repaid.")


@dataclass(frozen=True)
class AgreementKind:
    """`life`: the graph that its agreements walk. `is_drawn`: whether the person draws money of it themselves; `is_delivered`:
    whether it is goods, which are delivered and may be returned; `is_treated`: whether the partner confirms it part by part.

    `begin` posts what stands from the acceptance on. `has_begun` says whether it is too late to take the acceptance back,
    though its day is not over. `live` works out schedule and bookings of what happened up to a day, `payoff` what settles
    everything on it. `waits` is how long after the day of the acceptance it lapses where it has not begun. `settles_from` is the
    first day on which it is over once nothing is owed; None: not before more has happened. `arrived` is what people are told
    when something of it has become owed.
    `is_replanned`: whether what is still to come can get other days, or be less for a while.
    """

    life: Lifecycle[AgreementStatus]
    books: Books
    sentences: Sentences
    begin: Callable[[Db, Agreement], Awaitable[None]]
    has_begun: Callable[[Db, Agreement], Awaitable[bool]]
    live: Callable[[Agreement, Sequence[LoanEvent], date], LoanLife]
    payoff: Callable[[Agreement, Sequence[LoanEvent], date], Payoff | None]
    settles_from: Callable[[Agreement, LoanLife], date | None]
    waits: timedelta | None = None
    arrived: NoticeKind | None = None
    is_drawn: bool = False
    is_replanned: bool = False
    is_delivered: bool = False
    is_treated: bool = False
    holds_deposit: bool = False
