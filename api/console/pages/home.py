"""The landing page: what this role can do here."""

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.applications import reviewing
from domain.permissions import Permission
from infra.database import reading


@requires(Permission.SIGNED_IN)
async def home(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        queue = reviewing.queue_of(visit.actor).subquery()
        waiting = (await db.execute(select(func.count()).select_from(queue))).scalar_one()
    return page(request, "home.html", waiting=waiting)
