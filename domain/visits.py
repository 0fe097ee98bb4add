"""Visit: one look at whoever asks, and at the revision of all that they can see. One statement."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid, and_, bindparam, select

from domain.actors import UserActor
from domain.market.products import ShelfVersion
from domain.people import sessions
from domain.people.sessions import AccessToken, Session
from infra import clock, revisions
from infra.questions import Question
from infra.revisions import EVERYBODY

Revision = tuple[int | None, int | None, int]  # the person's, everybody's, and the version of the shelf


@dataclass(frozen=True)
class Visit:
    """`actor` None: nobody, as their token is over or their session is not live."""

    at: datetime
    revision: Revision
    actor: UserActor | None = None
    is_over: bool = False

    @property
    def everybodys(self) -> int | None:
        return self.revision[1]


_LOOK = Question(
    lambda: (
        select(
            clock.EXACTLY_NOW,
            revisions.revision_of(bindparam("user_id", type_=Uuid())),
            revisions.revision_of(EVERYBODY),
            ShelfVersion.version,
            Session.generation,
            Session.used_generation,
            Session.expires_at,
            Session.ended_at,
            Session.recovering_until,
        )
        .select_from(ShelfVersion)
        .outerjoin(Session, and_(Session.user_id == bindparam("user_id"), Session.id == bindparam("session_id")))
    )
)


async def look(token: AccessToken | None) -> Visit:
    """Asked each time, of one who shows a token and of one who shows none."""
    user_id, session_id = (token.user_id, token.session_id) if token else (EVERYBODY, EVERYBODY)
    rows = await _LOOK.ask(user_id=user_id, session_id=session_id)
    at, own, everybodys, shelf, generation, used, expires_at, ended_at, recovering_until = rows[0]
    revision = own, everybodys, shelf
    if token is None or token.is_over(at):
        return Visit(at, revision, is_over=token is not None)
    if generation is None or ended_at is not None or at >= expires_at or token.generation > generation:
        return Visit(at, revision)
    if token.generation == generation > used:
        await sessions.mark_used(token)
    waits_until = recovering_until if recovering_until is not None and recovering_until > at else None
    return Visit(at, revision, UserActor(user_id, session_id, waits_until))
