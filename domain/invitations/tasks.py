"""What follows by itself: who is handed an invitation, who is told of it, and when it is forgotten."""

from datetime import timedelta

from sqlalchemy import select

from domain.invitations import handing_out, invitations, inviting
from domain.invitations.batches import InvitationBatch, InvitedPhone
from domain.invitations.invitation_words import INVITATION_RECEIVED
from domain.invitations.invitations import Invitation, InvitationStatus
from domain.market.products import Product
from domain.notices.telling import notify
from domain.people import changing_phone, users
from domain.people.partners import Partner
from infra import pruning
from infra.database import Db
from infra.outbox import Event
from infra.pruning import Stale
from infra.reactions import reaction

SHOWN_FOR = timedelta(days=30)

# Numbers go as soon as their invitation is over; what people were shown stays for a while, to look at.
pruning.forget(
    "prune_invitations",
    Stale(InvitedPhone.expires_at, pruning.ago(timedelta(0))),
    Stale(InvitationBatch.expires_at, pruning.ago(SHOWN_FOR)),
    Stale(Invitation.expires_at, pruning.ago(SHOWN_FOR)),
)


@reaction(inviting.HAND_OUT, stored_as="hand_out_invitations")
async def hand_out_invitations(db: Db, event: Event) -> None:
    assert event.subject_id is not None, "a batch is handed out"
    await handing_out.hand_out(db, event.subject_id)


@reaction(users.REGISTERED, changing_phone.CHANGED, stored_as="hand_out_to_newcomer")
async def hand_out_to_newcomer(db: Db, event: Event) -> None:
    assert event.user_id is not None, "somebody has a number"
    await handing_out.hand_out_to(db, event.user_id)


@reaction(invitations.RECEIVED, stored_as="tell_of_invitation")
async def tell_of_invitation(db: Db, event: Event) -> None:
    its = (
        select(Product.title, Partner.name, Invitation.expires_at)
        .join(Invitation, Invitation.product_id == Product.id)
        .join(Partner, Partner.id == Invitation.partner_id)
        .where(Invitation.user_id == event.user_id, Invitation.id == event.subject_id)
        .where(Invitation.status == InvitationStatus.OPEN)
    )
    row = (await db.execute(its)).one_or_none()
    if row is not None and event.user_id is not None:
        said = {"product": row.title, "partner": row.name, "by_at": row.expires_at}
        await notify(db, event.user_id, INVITATION_RECEIVED, event.subject_id, **said)
