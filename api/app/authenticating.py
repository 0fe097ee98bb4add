"""Who is behind an app's access token."""

from starlette.requests import HTTPConnection

from api.graphql.context import bearer
from api.graphql.errors import SessionEnded, Unauthenticated
from domain.actors import UserActor
from domain.people import sessions
from infra import clock
from infra.database import reading


async def authenticate(token: str) -> UserActor:
    """Raises Unauthenticated for a token that is not ours or is over, SessionEnded for a session that is."""
    said = sessions.read_access_token(token)
    if said is None:
        raise Unauthenticated
    async with reading() as db:
        if said.is_over(await clock.now(db)):
            # The app then asks for new tokens; only the end of a session sends a person back to the start.
            raise Unauthenticated
        actor = await sessions.actor_of(db, said)
    if actor is None:
        raise SessionEnded
    return actor


def name_of(request: HTTPConnection) -> str | None:
    """Whose token is shown, though it may be over; None where we never made it."""
    said = sessions.read_access_token(bearer(request.headers.get("authorization")) or "")
    return f"user:{said.user_id}" if said else None
