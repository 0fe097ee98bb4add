"""Beginning afresh with a number that was somebody else's, as a story: where nothing here tells it, its carrier is asked."""

from typing import Any
from uuid import UUID

import structlog

from domain.people import challenges, newcomers
from domain.people.sessions import Session
from infra.database import transact
from integrations.register.answers import Attestation, RegisterAway
from integrations.register.chosen import register

log = structlog.get_logger()


async def start(*, challenge_id: UUID, device_name: str, key: str, ip: str) -> Session:
    """Start as `newcomers.start` does; a former owner who uses the account still, but has another number, keeps nobody out."""
    said: dict[str, Any] = {"challenge_id": challenge_id, "device_name": device_name, "key": key, "ip": ip}
    try:
        return await transact(lambda db: newcomers.start(db, **said))
    except newcomers.StillTheirs:
        if not await _is_flagged(challenge_id):
            raise
    return await transact(lambda db: newcomers.start(db, **said))


async def _is_flagged(challenge_id: UUID) -> bool:
    asked, bound = await transact(lambda db: newcomers.take_question(db, challenge_id))
    try:
        told = await register().has_new_owner(challenges.phone_of(asked), bound.bound_at)
    except RegisterAway as away:
        log.warning("register.away", reason=away.reason)
        return False
    if told is not Attestation.YES:
        return False
    await transact(lambda db: newcomers.flag(db, asked, bound.user_id, bound.bound_at))
    return True
