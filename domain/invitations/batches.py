"""InvitationBatch: the numbers that a partner invites at one time, each kept as a blind index alone, until the invitation is over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity, Id, Minor
from infra.privacy import Erasure, Export, Privacy


class InvitationBatch(Entity):
    """`received`: how many different numbers it named, whether anybody has them or not."""

    __tablename__ = "invitation_batches"

    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"))
    max_amount: Mapped[Minor]
    currency: Mapped[str]
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    received: Mapped[int]

    __table_args__ = (Index(None, "expires_at"), Index(None, "partner_id", "id"))


class InvitedPhone(Entity):
    """A number that was invited, perhaps nobody's yet: whoever registers with it while the invitation lasts sees it too."""

    __tablename__ = "invited_phones"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("invitation_batches.id", ondelete="CASCADE"), primary_key=True)
    phone_index: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[UUID]  # the invitation's, of whoever has the number
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "phone_index"), Index(None, "expires_at"))
