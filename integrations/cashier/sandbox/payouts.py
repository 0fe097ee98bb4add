"""Payouts of the embedded default's partners, who have no bank: the sandbox pays out for them, and goes as it is told to."""

from uuid import UUID

import structlog
from sqlalchemy import select

from domain.agreements import drawing
from domain.agreements.draw_downs import PAYOUT_REQUESTED, DrawDown, DrawDownStatus
from domain.agreements.drawing import PayoutOutcome
from domain.payments.cashiers import PaymentStatus
from infra import clock
from infra.database import Db, transact
from infra.errors import Refusal
from infra.outbox import Event
from infra.reactions import reaction
from infra.settings import settings
from integrations.cashier.sandbox import orders, speaking
from integrations.cashier.sandbox.orders import SandboxKind, SandboxOrder

OUTCOMES = {PaymentStatus.SETTLED: PayoutOutcome.SETTLED, PaymentStatus.FAILED: PayoutOutcome.FAILED}
log = structlog.get_logger()


@reaction(PAYOUT_REQUESTED, stored_as="pay_out_at_sandbox", calls_out=True, when=lambda: settings().is_embedded)
async def pay_out(event: Event) -> None:
    """Pay out once, and tell what became of it as a partner would."""
    assert event.user_id and event.subject_id, "a draw-down is somebody's"
    user_id, draw_down_id = event.user_id, event.subject_id
    if (order := await transact(lambda db: _ordered(db, user_id, draw_down_id))) is not None:
        await tell(order.id, order.status)


async def tell(draw_down_id: UUID, status: PaymentStatus) -> None:
    """What became of it, where that is known. It is not believed where it told otherwise before."""
    if (outcome := OUTCOMES.get(status)) is None:
        return

    async def report(db: Db) -> None:
        user_id = await db.scalar(select(DrawDown.user_id).where(DrawDown.id == draw_down_id))
        if user_id is not None:
            await drawing.conclude(db, user_id, draw_down_id, outcome, f"S{draw_down_id.hex}")

    try:
        await transact(report)
    except Refusal:
        log.warning("cashier.contradicts_itself", cashier="sandbox")


async def _ordered(db: Db, user_id: UUID, draw_down_id: UUID) -> SandboxOrder | None:
    """None where it was paid out already, as in a simulation."""
    drawn = await db.get_one(DrawDown, (user_id, draw_down_id), with_for_update=True)
    order = await orders.order(db, draw_down_id)
    if order is None and drawn.status is not DrawDownStatus.SENT:
        return None
    if order is None:
        order = SandboxOrder(
            id=drawn.id,
            kind=SandboxKind.PAYOUT,
            mode=await orders.take_turn(db),
            amount=drawn.paid_out,
            currency=drawn.currency,
            title="",
            asked_at=await clock.now(db),
        )
        await orders.begin(db, order)
        await speaking.plan(db, order)
    return order
