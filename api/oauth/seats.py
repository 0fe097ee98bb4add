"""A seat: the one browser that may go on with what a website asks, known by a cookie of that one page."""

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from domain.sharing import share_requests
from domain.sharing.share_requests import LASTS, Browser, ShareRequest
from infra.database import Db
from infra.settings import settings

PATH = "/oauth/authorize"
COOKIE, DEVICE_COOKIE = "longan_share", "longan_share_device"
DEVICE_LASTS = timedelta(days=365)


class NotSeated(Exception):
    """This browser did not bring the request, or it is over."""


@dataclass(frozen=True)
class Seat:
    request: ShareRequest
    browser: Browser

    @property
    def form_secret(self) -> str:
        return _text(self.browser.held)


async def seat_of(db: Db, request: Request) -> Seat:
    """Raises NotSeated, for what never was and for another browser's alike."""
    try:
        id = UUID(hex=request.path_params["id"])
        held = base64.b64decode(request.cookies.get(COOKIE, "").encode(), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise NotSeated from None
    browser = share_requests.browser_of(held)
    found = await share_requests.find(db, id, browser) if browser else None
    if browser is None or found is None:
        raise NotSeated
    return Seat(found, browser)


def page_of(request: ShareRequest) -> str:
    return f"{PATH}/{request.id.hex}"


def give_seat(response: Response, request: ShareRequest, browser: Browser) -> None:
    """`lax`, as people come from another website; a form that another sends brings no cookie all the same."""
    _set(response, COOKIE, _text(browser.held), page_of(request), LASTS)


def remember_device(response: Response, token: str) -> None:
    """Nothing that others do wrong with this number keeps this browser out."""
    _set(response, DEVICE_COOKIE, token, PATH, DEVICE_LASTS)


def _set(response: Response, name: str, value: str, path: str, lasts: timedelta) -> None:
    is_https = settings().public_url.startswith("https://")
    seconds = int(lasts.total_seconds())
    response.set_cookie(name, value, max_age=seconds, path=path, httponly=True, samesite="lax", secure=is_https)


def _text(held: bytes) -> str:
    return base64.urlsafe_b64encode(held).decode()
