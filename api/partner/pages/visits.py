"""A visit at a partner's pages: who of its staff has signed in, and what the frame of every page shows."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.partner.pages.rendering import page
from api.visits import PageVisit, SignedPages
from domain.actors import MemberActor
from domain.people import staff_sessions
from domain.people.partners import Partner
from domain.people.staff import Workplace
from infra.database import reading

MemberVisit = PageVisit[MemberActor]


async def _prepare(request: Request) -> None:
    if visit := getattr(request.state, "visit", None):
        async with reading() as db:
            request.state.partner = await db.get_one(Partner, visit.actor.partner_id)


PARTNERS = SignedPages(
    "/partner", "longan_partner", Workplace.PARTNER, page, staff_sessions.find_partners_member, _prepare
)
requires = PARTNERS.requires


async def show_to_all(request: Request, template: str, **shown: object) -> Response:
    """A page that is public, in the frame of whoever has signed in."""
    if visit := await PARTNERS.visit_of(request):
        request.state.visit = visit
    await PARTNERS.prepare(request)
    return page(request, template, **shown)


def name_of(request: HTTPConnection) -> str | None:
    """Whose token a browser shows, though it may be over; None where we never made it."""
    staff_id = staff_sessions.owner_of(request.cookies.get(PARTNERS.cookie) or "")
    return f"staff:{staff_id}" if staff_id else None
