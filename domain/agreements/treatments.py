"""Treatment: a part of what was booked that was done, as the partner confirms it; and what of it the person gave up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.agreements.agreements import Agreement
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises

REASON = "cancellations.reason"


@raises(Raised.OWNERS)
class Treatment(Entity):
    """`amount` is what of the price it costs, `fee` what of the fee came with it. `reference` is the partner's."""

    __tablename__ = "treatments"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    amount: Mapped[Minor]
    fee: Mapped[Minor]
    confirmed_at: Mapped[datetime]
    reference: Mapped[str | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "agreement_id"),)


@raises(Raised.OWNERS)
class Cancellation(Entity):
    """`amount` was never treated, and is not any more. Of an agreement there is one."""

    __tablename__ = "cancellations"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)

    user_id: Mapped[OwnerId]
    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    amount: Mapped[Minor]
    reason_sealed: Mapped[bytes]
    at: Mapped[datetime]


async def of_agreement(db: Db, agreement: Agreement) -> list[Treatment]:
    """The treatments of an agreement, in the order in which they were confirmed."""
    its = select(Treatment).where(Treatment.user_id == agreement.user_id, Treatment.agreement_id == agreement.id)
    return [*(await db.execute(its.order_by(Treatment.id))).scalars()]
