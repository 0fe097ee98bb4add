"""Accepting an invitation, as a story: accounts are asked what they tell now, and the rules decide with what came in time."""

from typing import Any
from uuid import UUID

from domain.actors import UserActor
from domain.applications.applications import Application
from domain.consent.consents import ConsentScope
from domain.invitations import accepting
from infra.database import reading, transact
from infra.money import Money
from integrations.reading_again import read_again


async def accept(
    actor: UserActor,
    *,
    invitation_id: UUID,
    amount: Money,
    term_months: int,
    share: list[ConsentScope],
    key: str,
    ip: str,
) -> Application:
    """Answered within five seconds, whatever becomes of the providers, who are not asked for what is refused anyhow. Refuses as
    `accepting.accept` does.
    """
    wish: dict[str, Any] = {"invitation_id": invitation_id, "amount": amount, "term_months": term_months, "key": key}
    async with reading() as db:
        asks = await accepting.check(db, actor, **wish)
    unanswered = await read_again(actor.user_id) if asks else ()
    return await transact(lambda db: accepting.accept(db, actor, **wish, share=share, ip=ip, unanswered=unanswered))
