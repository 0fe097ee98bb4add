"""What the sandbox says unasked, by its mode; planned in the transaction of the order that it is about."""

from domain.payments.cashiers import PaymentStatus
from infra import outbox
from infra.database import Db
from infra.events import declare
from integrations.cashier.sandbox.orders import SandboxMode, SandboxOrder

SPEAKS = declare("cashier.speaks", words=str)
REPEATS = 3


async def plan(db: Db, order: SandboxOrder) -> None:
    match order.mode:
        case SandboxMode.REPEAT:
            words = [(PaymentStatus.SETTLED, order.asked_at)] * REPEATS
        case SandboxMode.CONTRADICT:
            words = [(PaymentStatus.FAILED, order.asked_at), (PaymentStatus.SETTLED, order.asked_at)]
        case SandboxMode.DELAY:
            assert order.settles_at is not None
            words = [(PaymentStatus.SETTLED, order.settles_at)]
        case _:
            words = []
    for status, due_at in words:
        await outbox.announce(db, SPEAKS, subject_id=order.id, due_at=due_at, words=status.value)
