"""Who is behind an app's access token."""

from contextvars import ContextVar

from starlette.requests import HTTPConnection

from api.graphql.context import bearer
from api.graphql.errors import SessionEnded, Unauthenticated
from domain import visits
from domain.actors import KnownActor, UserActor
from domain.people import sessions
from domain.visits import Visit

# Of the request that is just being answered, with the token that was shown: looked at once, before anything else.
_looked: ContextVar[tuple[str, Visit] | None] = ContextVar("looked", default=None)


async def visit_of(token: str | None) -> Visit | None:
    """A look at whoever asks; None for a token that is not ours. What was seen before opens nothing where this one fails."""
    _looked.set(None)
    said = sessions.read_access_token(token) if token is not None else None
    if token is not None and said is None:
        return None
    visit = await visits.look(said)
    _looked.set((token, visit) if token is not None else None)
    return visit


async def authenticate(token: str) -> KnownActor[UserActor]:
    """Raises Unauthenticated for a token that is not ours or is over, SessionEnded for a session that is."""
    looked = _looked.get()
    visit = looked[1] if looked and looked[0] == token else await visit_of(token)
    _looked.set(None)  # the next operation on a socket is another look
    if visit is None or visit.is_over:
        # The app then asks for new tokens; only the end of a session sends a person back to the start.
        raise Unauthenticated
    if visit.actor is None:
        raise SessionEnded
    return KnownActor(visit.actor, visit.at, visit.everybodys)


def name_of(request: HTTPConnection) -> str | None:
    """Whose token is shown, though it may be over; None where we never made it."""
    said = sessions.read_access_token(bearer(request.headers.get("authorization")) or "")
    return f"user:{said.user_id}" if said else None
