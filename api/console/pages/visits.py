"""A visit at the console: who of the staff has signed in, what they may open, and what the frame of every page shows."""

from starlette.requests import HTTPConnection, Request

from api.console.pages.rendering import page
from api.graphql.context import bearer
from api.visits import PageVisit, SignedPages
from domain.actors import StaffActor
from domain.people import invented, staff_sessions
from domain.people.staff import Workplace
from infra.database import reading
from ml.watching import watch

StaffVisit = PageVisit[StaffActor]


async def _find(token: str) -> StaffActor | None:
    found = await staff_sessions.find_member(token)
    return found.actor if found else None


async def _prepare(request: Request) -> None:
    async with reading() as db:
        live = await watch.champion(db)
        request.state.simulated = live is not None and live.simulated
        # Whoever has not signed in is told nothing of people, invented or not.
        request.state.invented = await invented.standing(db) if hasattr(request.state, "visit") else None


CONSOLE = SignedPages("/console", "longan_console", Workplace.HERE, page, _find, _prepare)
requires = CONSOLE.requires


def name_of(request: HTTPConnection) -> str | None:
    """Whose token is shown, in a header or by a browser, though it may be over; None where we never made it."""
    token = bearer(request.headers.get("authorization")) or request.cookies.get(CONSOLE.cookie) or ""
    staff_id = staff_sessions.owner_of(token)
    return f"staff:{staff_id}" if staff_id else None
