"""Invitation: a partner's offer to apply for one product up to an amount, which one person sees and answers, or lets pass."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.market.products import Product, ProductStatus
from infra import lasting
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.errors import Refusal, RefusalCode, not_found
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import ANY_KEY, NOW, loader
from infra.money import Money
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import N_

RECEIVED = declare("invitation.received")
FIELD = ("input", "invitationId")
OVER = N_("This invitation was answered already, or is over.")


class InvitationStatus(StrEnum):
    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    REPLACED = "REPLACED"


Status = InvitationStatus

LIFE = Lifecycle(
    "Invitation",
    Move([Status.OPEN], Status.ACCEPTED, refused=OVER),
    Move([Status.OPEN], Status.DECLINED, refused=OVER),
    Move([Status.OPEN], Status.REPLACED),
    begins=Status.OPEN,
    event=RECEIVED,
    ends=(Status.ACCEPTED, Status.DECLINED, Status.REPLACED),
    lapses={Status.OPEN: "expires_at"},
)


@raises(Raised.OWNERS)
class Invitation(Entity):
    """`id` is that of the number that was invited. One is open of a product at a time: a newer one takes its place.

    `application_id`: what the person applied for with it.
    """

    __tablename__ = "invitations"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id]
    partner_id: Mapped[UUID]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"))
    max_amount: Mapped[Minor]
    currency: Mapped[str]
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[InvitationStatus] = mapped_column(default=InvitationStatus.OPEN)
    application_id: Mapped[UUID | None] = mapped_column(default=None)
    asking_until: Mapped[datetime | None] = mapped_column(default=None)  # accounts are being asked, to accept it

    __table_args__ = (Index(None, "user_id", "product_id"), Index(None, "id"), Index(None, "expires_at"))

    @property
    def most(self) -> Money:
        return Money(self.max_amount, self.currency)

    def is_open(self, now: datetime) -> bool:
        return self.status is Status.OPEN and now < self.expires_at


def visible_to(actor: UserActor) -> Select[Invitation]:
    """A person's own."""
    return select(Invitation).where(Invitation.user_id == actor.user_id)


async def lock(db: Db, actor: UserActor, invitation_id: UUID) -> Invitation:
    """The invitation, which nobody else answers until the transaction ends. Refuses NOT_FOUND."""
    its = visible_to(actor).where(Invitation.id == invitation_id)
    held = its.with_for_update().execution_options(populate_existing=True)
    found = (await db.execute(held)).scalar_one_or_none()
    if found is None:
        raise not_found(N_("We could not find this invitation."), FIELD)
    return found


def refuse_over(invitation: Invitation, now: datetime) -> None:
    """Refuses NOT_OPEN what was answered, replaced or let pass."""
    if not invitation.is_open(now):
        raise Refusal(RefusalCode.NOT_OPEN, OVER, field=FIELD)


_OPEN = Question(
    lambda: (
        select(Invitation)
        .join(Product, Product.id == Invitation.product_id)
        .where(Invitation.user_id == ANY_KEY, Invitation.status == Status.OPEN, Invitation.expires_at > NOW)
        .where(Product.status == ProductStatus.PUBLISHED)
        .order_by(Invitation.invited_at.desc(), Invitation.id)
    )
)


@loader(_OPEN)
async def of_users(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[Invitation]]
) -> dict[UUID, list[Invitation]]:
    """What each person can still answer, the newest first."""
    found: dict[UUID, list[Invitation]] = {user_id: [] for user_id in user_ids}
    for (invitation,) in rows:
        found[invitation.user_id].append(invitation)
        lasting.until(invitation.expires_at)
    return found
