"""From a template to a page: words and numbers in the reader's language, and headers that let nothing else in."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.dates import format_datetime, format_timedelta, get_timezone
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.console.pages import charts
from domain.permissions import ROLE_NAMES
from infra.money import Money
from infra.settings import settings
from infra.words import Locale, preferred_locale, say

HERE = Path(__file__).parent
LANGUAGES = {"zh": "zh_CN", "en": "en"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language, Cookie, HX-Request",
}


def page(request: Request, template: str, status: int = 200, /, **shown: Any) -> HTMLResponse:
    """`request.state.desk` is there for those who have signed in, and decides what the frame offers."""
    locale = locale_of(request)
    told = {
        **_words(locale),
        "locale": locale,
        "path": request.url.path,
        "desk": getattr(request.state, "desk", None),
        "simulated": getattr(request.state, "simulated", False),
        **shown,
    }
    return HTMLResponse(_templates().get_template(template).render(told), status, headers=HEADERS)


def locale_of(request: Request) -> Locale:
    return preferred_locale(request.headers.get("accept-language"))


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(static=static, charts=charts, roles=ROLE_NAMES)
    return found


@cache
def static(name: str) -> str:
    """The address of a file, which changes with the file."""
    mark = sha256((HERE / "static" / name).read_bytes()).hexdigest()[:8]
    return f"/console/static/{name}?{mark}"


def _words(locale: Locale) -> Mapping[str, Callable[..., str]]:
    language = LANGUAGES[locale]
    zone = get_timezone(settings().time_zone)

    def _(sentence: str, **values: object) -> str:
        return say(sentence, locale, **values)

    def number(value: float, pattern: str | None = None) -> str:
        return str(format_decimal(value, pattern, locale=language))

    def percent(share: float, digits: int = 0) -> str:
        return str(format_percent(share, "0%" if not digits else f"0.{'0' * digits}%", locale=language))

    def money(minor: int, currency: str) -> str:
        return str(format_currency(Money(minor, currency).amount, currency, locale=language))

    def moment(when: datetime) -> str:
        return format_datetime(when, "medium", tzinfo=zone, locale=language)

    def span(length: timedelta) -> str:
        return format_timedelta(length, locale=language, threshold=1.5)

    return {"_": _, "number": number, "percent": percent, "money": money, "moment": moment, "span": span}
