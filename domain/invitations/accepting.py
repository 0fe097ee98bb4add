"""Accepting: a person applies with an invitation and is answered at once; or says no, and is not asked again while it lasts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from domain.actors import UserActor
from domain.applications import applying
from domain.applications.applications import Application
from domain.consent.consents import ConsentScope
from domain.invitations import invitations
from domain.invitations.invitations import LIFE, Invitation, InvitationStatus
from domain.market.products import DecisionMode
from infra import clock, receipts
from infra.database import Db
from infra.errors import invalid
from infra.money import Money
from infra.receipts import Receipt
from infra.words import N_

OPERATION = "acceptInvitation"
AMOUNT = ("input", "amount")
ASKED_FOR = timedelta(seconds=5)  # after that, whoever asked the accounts is thought to have died


class BeingAccepted(Exception):
    """Somebody accepts it just now; whoever waits a moment sees what comes of it."""


async def accept(
    db: Db,
    actor: UserActor,
    *,
    invitation_id: UUID,
    amount: Money,
    term_months: int,
    share: list[ConsentScope],
    key: str,
    ip: str = "",
    unanswered: Sequence[str] = (),
) -> Application:
    """Apply with an invitation, which leaves it to the rules to decide; what they doubt goes to a person. `unanswered`: the
    providers that did not tell in time what they tell now.

    Refuses NOT_FOUND, NOT_OPEN what is over, INVALID an amount above the invitation's, and what applying refuses.
    """
    told = {
        "invitationId": invitation_id,
        "amount": [amount.minor, amount.currency],
        "termMonths": term_months,
        "share": sorted(set(share)),
    }
    receipt = await receipts.claim(db, actor=actor.name, operation=OPERATION, key=key, input=told)
    if receipt.result_id is not None:
        return await db.get_one(Application, (actor.user_id, receipt.result_id))
    invitation = await invitations.lock(db, actor, invitation_id)
    invitations.refuse_over(invitation, await clock.now(db))
    _refuse_above(invitation, amount)
    application = await applying.submit(
        db,
        actor,
        product_id=invitation.product_id,
        amount=amount,
        term_months=term_months,
        share=share,
        ip=ip,
        decision=DecisionMode.INSTANT,
        unanswered=unanswered,
    )
    await LIFE.move(db, invitation, InvitationStatus.ACCEPTED)
    invitation.asking_until = None
    invitation.application_id = receipt.result_id = application.id
    return application


def _refuse_above(invitation: Invitation, amount: Money) -> None:
    if amount.currency == invitation.currency and amount.minor > invitation.max_amount:
        values = {"most": str(invitation.most), "currency": invitation.currency}
        raise invalid(N_("This invitation goes up to {most} {currency}."), AMOUNT, **values)


async def begin(
    db: Db, actor: UserActor, *, invitation_id: UUID, amount: Money, term_months: int, key: str
) -> datetime | None:
    """Claim it, and answer until when accounts may be asked before accepting; None where it was accepted by this key already.
    Raises BeingAccepted while somebody else asks them for it.

    Refuses what `accept` refuses of the invitation and of the terms; nothing is then written.
    """
    receipts.check_key(key)
    invitation = await invitations.lock(db, actor, invitation_id)
    if await db.get(Receipt, (actor.name, OPERATION, key)) is not None:
        return None
    now = await clock.now(db)
    invitations.refuse_over(invitation, now)
    _refuse_above(invitation, amount)
    await applying.check(db, actor, invitation.product_id, amount, term_months)
    if invitation.asking_until and invitation.asking_until > now:
        raise BeingAccepted
    invitation.asking_until = now + ASKED_FOR
    return invitation.asking_until


async def give_up(db: Db, actor: UserActor, invitation_id: UUID, began: datetime) -> None:
    """Let go of what was claimed with this answer and not accepted after all: the next one need not wait."""
    invitation = await invitations.lock(db, actor, invitation_id)
    if invitation.asking_until == began:
        invitation.asking_until = None


async def decline(db: Db, actor: UserActor, invitation_id: UUID) -> Invitation:
    """Say no. Said twice it is said once. Refuses NOT_FOUND, and NOT_OPEN what is over."""
    invitation = await invitations.lock(db, actor, invitation_id)
    if invitation.status is not InvitationStatus.DECLINED:
        invitations.refuse_over(invitation, await clock.now(db))
        await LIFE.move(db, invitation, InvitationStatus.DECLINED)
    return invitation
