"""The steps of a day, in their order: each does its part to all agreements of a batch that the day has come to."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.agreements import autopay, booking, lapsing, moving_out
from domain.agreements.standings import AgreementStanding
from infra.database import Db


@dataclass(frozen=True)
class DayStep:
    """`take` is given how agreements stand that this transaction holds, and answers how they stand then.

    Taken twice on a day, or once after many, it does the same: it does what is missing by today.
    """

    name: str
    take: Callable[[Db, Sequence[AgreementStanding]], Awaitable[list[AgreementStanding]]]


STEPS = (
    DayStep("book what fell due, and what is late", booking.pass_all),
    DayStep("draw what is due by mandates", autopay.draw_all),
    DayStep("let lapse what has not begun", lapsing.lapse_all),
    DayStep("give back what is left of leases that are over", moving_out.give_back_all),
)
