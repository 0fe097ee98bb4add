"""Who may use the doors of the embedded default: pages that came from here, asked for by an address of this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.settings import settings

SORRY = "This is for the machine that Longan runs on. To call it {host}, set LONGAN_PUBLIC_URL to that address.\n"
FOREIGN = "This was sent by a page from elsewhere.\n"


class Neighbours:
    """A name that somebody else's DNS points at this machine is not its name, and their page's form is not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _why_not(Request(scope)) if scope["type"] == "http" else None
        await (refused or self.app)(scope, receive, send)


def _why_not(request: Request) -> PlainTextResponse | None:
    host = request.headers.get("host", "")
    if not _is_ours(host):
        return PlainTextResponse(SORRY.format(host=host[:100]), 421)
    origin = request.headers.get("origin")
    if request.method != "GET" and origin is not None and origin.partition("://")[2] != host:
        return PlainTextResponse(FOREIGN, 403)
    return None


def _is_ours(host: str) -> bool:
    name = _name_in(host)
    return name == "localhost" or name == urlsplit(settings().public_url).hostname or _is_address(name)


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def for_neighbours(routes: list[Route]) -> list[Route]:
    return [
        Route(each.path, each.endpoint, methods=sorted(each.methods or ()), middleware=[Middleware(Neighbours)])
        for each in routes
    ]
