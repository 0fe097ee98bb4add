"""Mandates of the sandbox cashier: kept as orders of no money, signed once they are settled."""

from uuid import UUID

from sqlalchemy import text

from domain.payments.cashiers import MandateAnswer, MandateOrder, MandateStatus, PaymentStatus
from infra import clock
from infra.database import Db
from infra.settings import settings
from integrations.cashier.sandbox import orders, speaking
from integrations.cashier.sandbox.orders import SandboxKind, SandboxOrder, page_for


async def sign(db: Db, asked: MandateOrder) -> MandateAnswer:
    """Signed in the answer, or as the next one is told to go."""
    # Two that ask for the same mandate at once make one of it.
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": str(asked.id)})
    found = await orders.order(db, asked.id)
    if found is None:
        found = SandboxOrder(
            id=asked.id,
            kind=SandboxKind.MANDATE,
            mode=await orders.take_turn(db),
            amount=0,
            currency=settings().currency,
            title=asked.title,
            asked_at=await clock.now(db),
        )
        await orders.begin(db, found)
        await speaking.plan(db, found)
    return _answer(found)


async def look_up(db: Db, id: UUID) -> MandateAnswer | None:
    found = await orders.order(db, id)
    return _answer(found) if found else None


async def withdraw(db: Db, id: UUID) -> MandateAnswer:
    found = await orders.order(db, id)
    if found is not None:
        found.status, found.settles_at = PaymentStatus.FAILED, None
    return MandateAnswer(MandateStatus.ENDED)


async def is_signed(db: Db, reference: str) -> bool:
    found = await orders.order(db, UUID(hex=reference.removeprefix("M")))
    return found is not None and found.status is PaymentStatus.SETTLED


def _answer(order: SandboxOrder) -> MandateAnswer:
    match order.status:
        case PaymentStatus.SETTLED:
            return MandateAnswer(MandateStatus.SIGNED, reference=f"M{order.id.hex}")
        case PaymentStatus.FAILED:
            return MandateAnswer(MandateStatus.ENDED)
        case _:
            is_theirs = order.status is PaymentStatus.NEEDS_ACTION
            return MandateAnswer(MandateStatus.PENDING, page=page_for(order) if is_theirs else None)
