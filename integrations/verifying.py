"""Verifying an identity, as a story: count the try, ask the register, record. No transaction waits for a register."""

import asyncio
import time

import structlog

from domain.actors import UserActor
from domain.people import identities
from domain.people.identities import Busy, Inquiry, Said
from domain.people.users import User
from infra.database import reading, transact
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from integrations.register.answers import Attestation, RegisterAway, Resident
from integrations.register.chosen import register
from integrations.turns import take_turn

log = structlog.get_logger()

WAIT_SECONDS_MAX = 10


async def verify(actor: UserActor, said: Said, key: str) -> User:
    """The person, CHECKED or a MISMATCH. Refuses what `identities.begin` refuses, ACCOUNT_LINKED_ELSEWHERE,
    PROVIDER_UNAVAILABLE where the register is away, and PROVIDER_REFUSED where it has no record: then nothing is changed.
    """
    until = time.monotonic() + WAIT_SECONDS_MAX
    asked = await take_turn(lambda: transact(lambda db: identities.begin(db, actor, said, key)), Busy, until=until)
    if asked is not None:
        await _answer(actor, asked, key)
    async with reading() as db:
        return await db.get_one(User, actor.user_id)


async def _answer(actor: UserActor, asked: Inquiry, key: str) -> None:
    person = Resident(asked.said.name, asked.said.number.text)
    try:
        told = await register().is_owner(person, asked.phone)
    except RegisterAway as away:
        log.warning("register.away", reason=away.reason)
        await transact(lambda db: identities.give_up(db, actor, asked, is_counted=False))
        raise unavailable() from None
    except BaseException:
        # Our own fault, or a server that is stopping: the person need not wait for nobody.
        await asyncio.shield(transact(lambda db: identities.give_up(db, actor, asked, is_counted=True)))
        raise
    if told is Attestation.UNKNOWN:
        await transact(lambda db: identities.give_up(db, actor, asked, is_counted=True))
        raise Refusal(
            RefusalCode.PROVIDER_REFUSED,
            N_("We could not confirm this. Please use a mainland number that is registered in your own name."),
        )
    is_theirs = told is Attestation.YES
    if refused := await transact(lambda db: identities.record(db, actor, asked, key, is_theirs=is_theirs)):
        raise refused


def unavailable() -> Refusal:
    return Refusal(
        RefusalCode.PROVIDER_UNAVAILABLE,
        N_("We cannot check this just now, and nothing has changed. Please try again in a few minutes."),
    )
