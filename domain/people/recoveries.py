"""Recovery: signing in by one's identity instead of a second factor, which then ends a day later.

Until it has ended, such a session may look and change nothing: if it was not the owner who recovered, the owner uses the
factor, which then stays, and the session is over.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from domain.actors import UserActor
from domain.people.sessions import Session
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.events import declare
from infra.words import N_

RECOVERED = declare("second_factor.recovered")


async def refuse(db: Db, actor: UserActor) -> None:
    """Refuses NOT_OPEN a session that still waits."""
    mine = select(Session.recovering_until).where(Session.user_id == actor.user_id, Session.id == actor.session_id)
    until = (await db.execute(mine)).scalar_one_or_none()
    if until is not None and until > await clock.now(db):
        raise waits(until)


def refuse_session(session: Session, now: datetime) -> None:
    """Refuse as `refuse` does, for a session that was read."""
    if session.recovering_until is not None and session.recovering_until > now:
        raise waits(session.recovering_until)


def does_wait(session: Session, now: datetime) -> bool:
    """Whether it is signed in, and may look and no more."""
    return session.is_live(now) and session.recovering_until is not None and session.recovering_until > now


def waits(until: datetime) -> Refusal:
    sentence = N_(
        "You signed in without your second factor. Until it has ended, you can look at your account here and change nothing."
    )
    return Refusal(RefusalCode.NOT_OPEN, sentence, retry_at=until)


def is_past(now: datetime) -> ColumnElement[bool]:
    """Whether a session waited for nothing, or long enough and nobody ended it meanwhile."""
    return or_(Session.recovering_until.is_(None), Session.recovering_until <= func.coalesce(Session.ended_at, now))
