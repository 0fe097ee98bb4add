"""Step-up: a person proves once more who they are, for five minutes of this session and of no other."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from domain.actors import UserActor
from domain.people import recoveries
from domain.people.sessions import Session
from infra import clock, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.words import N_

LASTS = timedelta(minutes=5)
YOUNG = timedelta(days=1)


async def require_step_up(db: Db, actor: UserActor) -> None:
    """Whatever matters asks this, in its own transaction. Refuses STEP_UP_REQUIRED; the same request can be sent again.

    And NOT_OPEN whoever recovered, for as long as the owner can say that it was not they.
    """
    session, now = await _mine(db, actor), await clock.now(db)
    recoveries.refuse_session(session, now)
    if session.stepped_up_until is None or session.stepped_up_until <= now:
        sentence = N_("For your safety, please prove once more that it is you.")
        raise Refusal(RefusalCode.STEP_UP_REQUIRED, sentence)


async def is_young(db: Db, actor: UserActor) -> bool:
    """Whether this session began within a day."""
    return (await _mine(db, actor)).created_at > await clock.now(db) - YOUNG


async def grant(db: Db, actor: UserActor) -> datetime:
    """From now on for five minutes."""
    until = await clock.now(db) + LASTS
    mine = (Session.user_id == actor.user_id, Session.id == actor.session_id)
    await db.execute(update(Session).where(*mine).values(stepped_up_until=until))
    return until


async def challenge_of(db: Db, actor: UserActor) -> bytes:
    """What a passkey signs for this session's next step-up; another after each, so that none is signed for twice."""
    return challenge(actor.session_id, (await _mine(db, actor)).stepped_up_until)


def challenge(session_id: UUID, stepped_up_until: datetime | None) -> bytes:
    last = stepped_up_until.isoformat() if stepped_up_until else ""
    return vault.mac("step-up", session_id.bytes + last.encode())


async def _mine(db: Db, actor: UserActor) -> Session:
    mine = select(Session).where(Session.user_id == actor.user_id, Session.id == actor.session_id)
    return (await db.execute(mine.execution_options(populate_existing=True))).scalar_one()
