"""What people are told of invitations, in words."""

from uuid import UUID

from sqlalchemy import select

from domain.invitations.invitations import Invitation, InvitationStatus
from domain.market.products import Product, ProductStatus
from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, StillWanted, declare
from infra import clock
from infra.database import Db
from infra.words import N_


async def is_still_wanted(db: Db, invitation_id: UUID) -> StillWanted:
    """Yes while it can be answered and what it is for is offered."""
    its = select(Invitation.id).where(Invitation.id == invitation_id, Invitation.status == InvitationStatus.OPEN)
    offered = its.join(Product, Product.id == Invitation.product_id).where(Product.status == ProductStatus.PUBLISHED)
    found = (await db.execute(offered.where(Invitation.expires_at > await clock.now(db)).limit(1))).first()
    return StillWanted.NO if found is None else StillWanted.YES


INVITATION_RECEIVED = declare(
    NoticeKind(
        "invitation_received",
        NoticeClass.MARKETING,
        N_("{partner} invites you"),
        N_(
            "You can apply for {product} until {by_at}, and are answered at once. {partner} does not learn whether you are here "
            "unless you apply."
        ),
        lock=N_("There is an invitation for you at Longan. Open Longan to read it."),
        link=Link("invitations", "Invitation"),
        asks=is_still_wanted,
    )
)
