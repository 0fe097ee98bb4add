"""Numbers that carriers gave to somebody else: asked when a code goes to one that was not in use for a while."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select

from domain.people import challenges, newcomers
from domain.people.challenges import Challenge, CodePurpose
from domain.people.sessions import Session
from domain.people.users import Phone
from infra import clock
from infra.database import reading, transaction
from infra.outbox import Event
from infra.reactions import reaction
from integrations.register.answers import Attestation, RegisterAway
from integrations.register.chosen import register

log = structlog.get_logger()

IN_USE = timedelta(days=30)  # carriers keep a number for longer before they give it to another


@reaction(challenges.CREATED, stored_as="look_for_a_new_owner", calls_out=True)
async def look_for_a_new_owner(event: Event) -> None:
    """Flag the number where it has one. Where nobody can say, nothing is flagged: a number that slept asks for more anyway."""
    assert event.subject_id, "a challenge's event names it"
    asked = await _to_ask(event.subject_id)
    if asked is None:
        return
    challenge, user_id, since = asked
    number = challenges.phone_of(challenge)
    try:
        told = await register().has_new_owner(number, since)
    except RegisterAway as away:
        log.warning("register.away", reason=away.reason)
        return
    if told is Attestation.YES:
        async with transaction() as db:
            await newcomers.flag(db, challenge, user_id, since)


async def _to_ask(challenge_id: UUID) -> tuple[Challenge, UUID, datetime] | None:
    """The challenge, whose its number was, and since when; None where nobody had it, or they were here lately."""
    async with reading() as db:
        lately = select(Session.id).where(
            Session.user_id == Phone.user_id, Session.renewed_at > await clock.now(db) - IN_USE
        )
        asked = (
            select(Challenge, Phone.user_id, Phone.bound_at)
            .join(Phone, Phone.index == Challenge.phone_index)
            .where(Challenge.id == challenge_id, Challenge.purpose == CodePurpose.SIGN_IN, ~lately.exists())
        )
        row = (await db.execute(asked)).one_or_none()
    return (row[0], row[1], row[2]) if row else None
