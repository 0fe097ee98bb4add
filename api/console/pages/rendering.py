"""The console's pages in their frame, which offers what a visitor may open."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.console.pages import charts
from api.html import Pages
from domain.permissions import ROLE_NAMES

PAGES = Pages(
    Path(__file__).parent,
    "/console/static",
    door="/console",
    charts=charts,
    drawn_from=charts.DRAWN_FROM,
    roles=ROLE_NAMES,
)


def page(request: Request, template: str, status: int = 200, /, **shown: Any) -> HTMLResponse:
    """`request.state.visit` is there for those who have signed in, and decides what the frame offers."""
    visit = getattr(request.state, "visit", None)
    simulated, invented = getattr(request.state, "simulated", False), getattr(request.state, "invented", None)
    return PAGES.page(request, template, status, visit=visit, simulated=simulated, invented=invented, **shown)
