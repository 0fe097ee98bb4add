"""A partner's pages in their frame; the look is the console's."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.console.pages.rendering import PAGES as CONSOLE
from api.html import Pages
from infra.ids import global_id

PAGES = Pages(Path(__file__).parent, "/partner/static", door="/partner", shared=CONSOLE.static, global_id=global_id)


def page(request: Request, template: str, status: int = 200, /, **shown: Any) -> HTMLResponse:
    """`request.state.visit` and `partner` are there for those who have signed in."""
    visit, partner = getattr(request.state, "visit", None), getattr(request.state, "partner", None)
    return PAGES.page(request, template, status, visit=visit, partner=partner, **shown)
