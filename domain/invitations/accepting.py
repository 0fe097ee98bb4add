"""Accepting: a person applies with an invitation and is answered at once; or says no, and is not asked again while it lasts."""

from collections.abc import Sequence
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
    invitation.application_id = receipt.result_id = application.id
    return application


def _refuse_above(invitation: Invitation, amount: Money) -> None:
    if amount.currency == invitation.currency and amount.minor > invitation.max_amount:
        values = {"most": str(invitation.most), "currency": invitation.currency}
        raise invalid(N_("This invitation goes up to {most} {currency}."), AMOUNT, **values)


async def check(db: Db, actor: UserActor, *, invitation_id: UUID, amount: Money, term_months: int, key: str) -> bool:
    """Whether anybody has to be asked before accepting: not where it was accepted by this key already.

    Refuses what `accept` refuses of the invitation and of the terms; nothing is written.
    """
    receipts.check_key(key)
    if await db.get(Receipt, (actor.name, OPERATION, key)) is not None:
        return False
    invitation = await invitations.find(db, actor, invitation_id)
    invitations.refuse_over(invitation, await clock.now(db))
    _refuse_above(invitation, amount)
    await applying.check(db, actor, invitation.product_id, amount, term_months)
    return True


async def decline(db: Db, actor: UserActor, invitation_id: UUID) -> Invitation:
    """Say no. Said twice it is said once. Refuses NOT_FOUND, and NOT_OPEN what is over."""
    invitation = await invitations.lock(db, actor, invitation_id)
    if invitation.status is not InvitationStatus.DECLINED:
        invitations.refuse_over(invitation, await clock.now(db))
        await LIFE.move(db, invitation, InvitationStatus.DECLINED)
    return invitation
