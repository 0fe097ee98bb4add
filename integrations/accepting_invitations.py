"""Accepting an invitation, as a story: accounts are asked what they tell now, and the rules decide with what came in time."""

import asyncio
import time
from typing import Any
from uuid import UUID

from domain.actors import UserActor
from domain.applications.applications import Application
from domain.consent.consents import ConsentScope
from domain.invitations import accepting
from domain.invitations.accepting import BeingAccepted
from infra.database import transact
from infra.money import Money
from integrations.reading_again import read_again
from integrations.turns import take_turn

WAIT_SECONDS_MAX = 4.5  # of the five that somebody waits at most


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
    """Answered within five seconds, whatever becomes of the providers, who are not asked for what is refused anyhow, and once
    where somebody accepts it twice at once. Refuses as `accepting.accept` does, and IN_PROGRESS.
    """
    wish: dict[str, Any] = {"invitation_id": invitation_id, "amount": amount, "term_months": term_months, "key": key}
    asked_at = time.monotonic()
    began = await take_turn(
        lambda: transact(lambda db: accepting.begin(db, actor, **wish)),
        BeingAccepted,
        until=asked_at + WAIT_SECONDS_MAX,
    )
    try:
        unanswered = await read_again(actor.user_id, waited=time.monotonic() - asked_at) if began else ()
        return await transact(lambda db: accepting.accept(db, actor, **wish, share=share, ip=ip, unanswered=unanswered))
    except BaseException:
        if began:  # refused, our own fault, or a server that is stopping: nobody need wait for it
            await asyncio.shield(transact(lambda db: accepting.give_up(db, actor, invitation_id, began)))
        raise
