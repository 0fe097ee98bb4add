"""DrawDown: money of a loan on its way to the person: sent, settled, failed."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import PartnerActor
from domain.agreements.words import PAYOUT_LATE
from domain.deadlines.deadlines import DeadlineKind, declare_kind
from domain.people import payment_accounts
from domain.permissions import Permission
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises
from infra.words import N_

PAYOUT_REQUESTED, PAYOUT_FAILED = declare("payout.requested"), declare("payout.failed")

PAID_OUT_WITHIN = timedelta(hours=24)  # or somebody looks into it
PAYOUT = declare_kind(DeadlineKind("payout", N_("A payout is to arrive"), PAYOUT_LATE))


class DrawDownStatus(StrEnum):
    SENT = "SENT"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


LIFE = Lifecycle(
    "DrawDown",
    Move([DrawDownStatus.SENT], DrawDownStatus.SETTLED),
    Move([DrawDownStatus.SENT], DrawDownStatus.FAILED, PAYOUT_FAILED),
    begins=DrawDownStatus.SENT,
    event=PAYOUT_REQUESTED,
    ends=(DrawDownStatus.SETTLED, DrawDownStatus.FAILED),
)


@raises(Raised.OWNERS)
class DrawDown(Entity):
    """`amount` is what becomes owed; `withheld` of it is the fee, and the rest is paid out. `reference` is the partner's."""

    __tablename__ = "draw_downs"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    payment_account_id: Mapped[UUID]
    amount: Mapped[Minor]
    withheld: Mapped[Minor]
    currency: Mapped[str]
    sent_at: Mapped[datetime]
    status: Mapped[DrawDownStatus] = mapped_column(default=DrawDownStatus.SENT)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    reference: Mapped[str | None] = mapped_column(default=None)

    __table_args__ = (
        Index(None, "user_id", "agreement_id"),
        Index(None, "id"),
        Index("ix_draw_downs_sent", "user_id", "payment_account_id", postgresql_where="status = 'SENT'"),
    )

    @property
    def paid_out(self) -> int:
        return self.amount - self.withheld

    @property
    def settled_at(self) -> datetime | None:
        return self.ended_at if self.status is DrawDownStatus.SETTLED else None


def visible_to(actor: PartnerActor) -> Select[DrawDown]:
    """What this partner was told to pay out, if it may answer applications at all."""
    may = actor.may(Permission.ANSWER_APPLICATIONS)
    return select(DrawDown).where(DrawDown.partner_id == actor.partner_id if may else text("false"))


async def _is_on_its_way(db: Db, user_id: UUID, account_id: UUID) -> bool:
    sent = select(DrawDown.id).where(DrawDown.user_id == user_id, DrawDown.payment_account_id == account_id)
    return (await db.execute(sent.where(DrawDown.status == DrawDownStatus.SENT).limit(1))).first() is not None


payment_accounts.in_use.append(_is_on_its_way)
