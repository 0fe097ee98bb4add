"""What the sandbox says unasked arrives as any cashier's notification, or partner's report, would."""

from domain.payments import paying, signing
from domain.payments.cashiers import CashierAnswer, PaymentStatus
from infra.database import transact
from infra.outbox import Event
from infra.reactions import reaction
from integrations.cashier.sandbox import cashier, orders, payouts
from integrations.cashier.sandbox.orders import SandboxKind, SandboxOrder
from integrations.cashier.sandbox.speaking import SPEAKS


async def tell(order: SandboxOrder, words: PaymentStatus | None = None) -> None:
    """Where the order stands; or these words, which are no truer for being said."""
    if order.kind is SandboxKind.MANDATE:
        await signing.hear(cashier.NAME, order.id)
    elif order.kind is SandboxKind.PAYOUT:
        await payouts.tell(order.id, words or order.status)
    elif words is PaymentStatus.FAILED:
        await paying.hear(cashier.NAME, order.id, CashierAnswer(words))
    else:
        await paying.hear(cashier.NAME, order.id, cashier.answer_of(order))


@reaction(SPEAKS, stored_as="hear_sandbox", calls_out=True)
async def hear_sandbox(event: Event) -> None:
    assert event.subject_id is not None
    order_id = event.subject_id
    order = await transact(lambda db: orders.order(db, order_id))
    if order is not None:
        await tell(order, PaymentStatus(event.data["words"]))
