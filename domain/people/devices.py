"""Devices: where a person is signed in, by the names that they gave, and how they end one of them from another."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_

from domain.actors import UserActor
from domain.people import recoveries, second_factors, sessions, stepping_up
from domain.people.sessions import DEVICE, Session, SessionState
from infra import clock, outbox, vault
from infra.database import Db
from infra.errors import not_found
from infra.events import declare
from infra.loaders import ANY_KEY, NOW, loader
from infra.questions import Question
from infra.words import N_

MOST = 100
DEVICE_ENDED = declare("device.ended")


def _signed_in() -> Select[Session]:
    """The newest hundred of each: nobody's thousand sessions are sent to be thrown away."""
    newest = (Session.renewed_at.desc(), Session.id.desc())
    place = func.row_number().over(partition_by=Session.user_id, order_by=newest).label("place")
    live = (Session.user_id == ANY_KEY, Session.ended_at.is_(None), Session.expires_at > NOW)
    ranked = select(Session.user_id, Session.id, place).where(*live).subquery()
    is_one = and_(Session.user_id == ranked.c.user_id, Session.id == ranked.c.id, ranked.c.place <= MOST)
    return select(Session).join(ranked, is_one).order_by(*newest)


_SIGNED_IN = Question(_signed_in)


@loader(_SIGNED_IN)
async def of_users(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[Session]]
) -> dict[UUID, list[Session]]:
    """Where each person is signed in, the device that was used last first; the newest hundred."""
    found: dict[UUID, list[Session]] = {user_id: [] for user_id in user_ids}
    for (session,) in rows:
        found[session.user_id].append(session)
    return found


async def names(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], str]:
    """What these devices are called, for keys of (user, session)."""
    sealed = select(Session.user_id, Session.id, Session.device_name_sealed)
    rows = (await db.execute(sealed.where(tuple_(Session.user_id, Session.id).in_(keys)))).all()
    seals = await vault.seals_of(db, {user_id for user_id, _ in keys})
    return {(user_id, id): seals[user_id].open(name, DEVICE) for user_id, id, name in rows if user_id in seals}


async def end(db: Db, actor: UserActor, session_id: UUID) -> Session:
    """Sign one of their devices out, this one too. Ending it twice is ending it once.

    To end one that recovered is to say that it was not the owner, so the second factors stay. Refuses STEP_UP_REQUIRED of a
    device that never proved one, and might be a thief's that keeps the owner out.

    Refuses NOT_FOUND where there is none, and somebody else's alike; and NOT_OPEN whoever recovered and would end what was
    signed in before, from where the owner can still say that it was not they.
    """
    session = await sessions.locked(db, actor.user_id, session_id)
    if session is None:
        raise not_found(N_("We could not find this device."), ("input", "deviceId"))
    own, now = await db.get_one(Session, (actor.user_id, actor.session_id)), await clock.now(db)
    if session.created_at < own.created_at:
        recoveries.refuse_session(own, now)
    if recoveries.does_wait(session, now) and not recoveries.does_wait(own, now):
        await _say_no(db, actor, own)
    if session.id != actor.session_id and session.state is SessionState.LIVE:
        await outbox.announce(db, DEVICE_ENDED, user_id=session.user_id, subject_id=session.id)
    await sessions.end(db, session)
    return session


async def _say_no(db: Db, actor: UserActor, own: Session) -> None:
    if own.proven_at is None:
        await stepping_up.require_step_up(db, actor)
    await second_factors.keep_all(db, actor.user_id)
