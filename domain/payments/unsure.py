"""What nobody knows the end of for long: the cashier is asked to close it, and what it neither closes nor knows the staff sees."""

from datetime import datetime, timedelta

from domain import stops
from domain.deadlines import deadlines, working_days
from domain.deadlines.deadlines import DeadlineKind, declare_kind
from domain.notices import kinds
from domain.notices.classes import NoticeClass
from domain.notices.kinds import NoticeKind
from domain.payments.cashiers import CashierAnswer, PaymentStatus
from domain.payments.payments import Payment
from domain.stops import StopKind
from infra import clock
from infra.database import Db
from infra.settings import settings
from infra.words import N_

KNOWN_WITHIN_DAYS = 1  # working days
PAYMENT_UNSURE = kinds.declare(
    NoticeKind(
        "payment_unsure",
        NoticeClass.MONEY,
        N_("We do not know yet what became of a payment"),
        N_(
            "Whoever collects money for us has not told us yet whether a payment of yours has come. Nothing more is drawn for it "
            "until we know. We are looking into it."
        ),
        lock=N_("Something takes longer than we promised. Open Longan to read it."),
    )
)
KNOWN = declare_kind(DeadlineKind("payment", N_("What became of a payment"), PAYMENT_UNSURE))


def lasts() -> timedelta:
    """How long a cashier may leave open what became of a payment."""
    return timedelta(hours=settings().payment_unsure_hours)


def is_to_close(payment: Payment, answer: CashierAnswer | None, now: datetime) -> bool:
    """Whether it is over: nobody paid on its page in time, or the cashier itself did not know for too long."""
    if not payment.is_open or now < payment.expires_at:
        return False
    if answer is None or answer.status is PaymentStatus.NEEDS_ACTION:
        return True
    return answer.status is PaymentStatus.PENDING and now >= _unsure_from(payment)


async def promise_end(db: Db, payment: Payment) -> None:
    """Promise once by when the end of a payment is known that is locked, and is open though it should not be any more."""
    now = await clock.now(db)
    if now < _unsure_from(payment) or await _is_held(db, payment):
        return
    known_by = working_days.end_after(now, KNOWN_WITHIN_DAYS)
    await deadlines.begin_once(db, KNOWN, payment.user_id, payment.id, payment.cause_id, known_by)


async def note_end(db: Db, payment: Payment) -> None:
    """Note that its end is known, whether it was promised or not."""
    if await clock.now(db) >= payment.expires_at:
        await deadlines.end(db, KNOWN, payment.user_id, payment.id)


async def _is_held(db: Db, payment: Payment) -> bool:
    """Whether a stop of ours, not the cashier, lets it wait."""
    return payment.is_drawn and payment.answered_at is None and await stops.is_stopped(db, StopKind.AUTOPAY)


def _unsure_from(payment: Payment) -> datetime:
    return max(payment.expires_at, (payment.answered_at or payment.begun_at) + lasts())
