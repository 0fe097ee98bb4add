"""What the sandbox cashier was asked, and how it was told to go. All of it lies in the database: no process need remember."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.payments.cashiers import PaymentStatus
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, Minor
from infra.settings import settings

PATH = "/sandbox/cashier"
DELAY = timedelta(minutes=1)  # of the house's clock
KEPT_FOR = timedelta(days=400)


class SandboxMode(StrEnum):
    SETTLE = "SETTLE"  # in the answer
    DELAY = "DELAY"  # a minute later
    FAIL = "FAIL"
    REPEAT = "REPEAT"  # settles, and says so again and again
    CONTRADICT = "CONTRADICT"  # settles, and says later that it failed
    ACTION = "ACTION"  # a page has to be opened


class SandboxKind(StrEnum):
    PAYMENT = "PAYMENT"
    PAYOUT = "PAYOUT"
    REFUND = "REFUND"
    MANDATE = "MANDATE"  # signed once it is SETTLED, over once it is FAILED


class SandboxTurn(Entity):
    """How so many of the next payments and payouts go, in the order in which they were asked for."""

    __tablename__ = "sandbox_turns"

    id: Mapped[Id] = mapped_column(init=False)
    mode: Mapped[SandboxMode]
    times: Mapped[int]

    __table_args__ = (CheckConstraint("times > 0", name="times"),)


class SandboxOrder(Entity):
    """`id` is the house's own, so the same order comes once. `settles_at`: when a delayed one does by itself."""

    __tablename__ = "sandbox_orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[SandboxKind]
    mode: Mapped[SandboxMode]
    amount: Mapped[Minor]
    currency: Mapped[str]
    title: Mapped[str]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    of: Mapped[UUID | None] = mapped_column(default=None)
    status: Mapped[PaymentStatus] = mapped_column(
        default=PaymentStatus.PENDING
    )  # it plays another's, and may go any way
    settles_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


async def arrange(db: Db, mode: SandboxMode, times: int) -> None:
    """Let the next so many payments and payouts go like this, after those that were told before."""
    db.add(SandboxTurn(mode=mode, times=times))


async def turns(db: Db) -> Sequence[SandboxTurn]:
    """What is still to come, the next first."""
    return (await db.execute(select(SandboxTurn).order_by(SandboxTurn.id))).scalars().all()


async def forget(db: Db) -> None:
    """Let everything that comes settle again."""
    await db.execute(delete(SandboxTurn))


async def take_turn(db: Db) -> SandboxMode:
    """How the next one goes. Whoever takes a turn locks it: so many go otherwise, however many come at once."""
    first = select(SandboxTurn).order_by(SandboxTurn.id).limit(1).with_for_update()
    while (turn := (await db.execute(first.execution_options(populate_existing=True))).scalar_one_or_none()) is None:
        if not (await db.execute(select(SandboxTurn.id).limit(1))).first():
            return SandboxMode.SETTLE
    mode = turn.mode
    if turn.times > 1:
        turn.times -= 1
    else:
        await db.delete(turn)
    await db.flush()
    return mode


async def order(db: Db, id: UUID) -> SandboxOrder | None:
    """The order, locked; settled by now where its delay is over."""
    its = select(SandboxOrder).where(SandboxOrder.id == id).with_for_update()
    found = (await db.execute(its.execution_options(populate_existing=True))).scalar_one_or_none()
    if found is not None and found.settles_at is not None and found.settles_at <= await clock.now(db):
        settle(found, found.settles_at)
    return found


def settle(order: SandboxOrder, at: datetime) -> None:
    order.status, order.settled_at, order.settles_at = PaymentStatus.SETTLED, at, None


async def begin(db: Db, new: SandboxOrder) -> None:
    """Start an order on the way of its mode."""
    now = await clock.now(db)
    match new.mode:
        case SandboxMode.SETTLE | SandboxMode.REPEAT | SandboxMode.CONTRADICT:
            settle(new, now)
        case SandboxMode.DELAY:
            new.settles_at = now + DELAY
        case SandboxMode.FAIL:
            new.status = PaymentStatus.FAILED
        case SandboxMode.ACTION:
            new.status = PaymentStatus.NEEDS_ACTION
    db.add(new)
    await db.flush()


def page_for(order: SandboxOrder) -> str:
    """Where a person acts on it."""
    return f"{settings().public_url}{PATH}/{order.id}"


async def prune(db: Db) -> None:
    await db.execute(delete(SandboxOrder).where(SandboxOrder.asked_at < await clock.now(db) - KEPT_FOR))
