"""From a template to a page: words and numbers in the reader's language, and headers that let nothing else in."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta, get_timezone
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from api import compressing
from api.forms import typed_in
from infra.money import Money
from infra.settings import settings
from infra.words import Locale, preferred_locale, say

SHARED = Path(__file__).parent / "templates"
LANGUAGES = {"zh": "zh_CN", "en": "en"}
COMMAS = {"zh": "、", "en": ", "}  # between the names of a list
CODE = re.compile("`([^`]+)`")
# Everything comes from here: no other host, nothing written into the page.
POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language, Cookie, HX-Request",
}


class Pages:
    """The pages of one folder: `templates/`, beside those that all doors share, and, served at `address`, `static/`, which may be
    another folder's.
    """

    def __init__(self, folder: Path, address: str, static_folder: Path | None = None, **also: object) -> None:
        self.static_folder = static_folder or folder / "static"
        self.address = address
        self.environment = Environment(
            loader=FileSystemLoader([folder / "templates", SHARED]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters["coded"] = coded
        static = cache(self.static)
        # Another door may take its look from elsewhere.
        self.environment.globals.update({"static": static, "shared": static, **also})

    def page(
        self, request: Request, template: str, status: int = 200, /, *, policy: Mapping[str, str] = POLICY, **shown: Any
    ) -> HTMLResponse:
        locale = locale_of(request)
        told = {
            **words(locale),
            "locale": locale,
            "comma": COMMAS[locale],
            "path": request.url.path,
            "typed_at": typed_in(request),
        }
        said = "; ".join(f"{name} {value}" for name, value in policy.items())
        headers = {**HEADERS, "Content-Security-Policy": said}
        return HTMLResponse(self.environment.get_template(template).render(told | shown), status, headers=headers)

    def static(self, name: str) -> str:
        """The address of a file, which changes with the file."""
        mark = sha256((self.static_folder / name).read_bytes()).hexdigest()[:8]
        return f"{self.address}/{name}?{mark}"

    def files(self) -> Mount:
        return Mount(self.address, Files(directory=self.static_folder))


class Files(StaticFiles):
    """Ours, the same for everybody."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        compressing.allow(scope)
        await super().__call__(scope, receive, send)


def locale_of(request: Request) -> Locale:
    return preferred_locale(request.headers.get("accept-language"))


def coded(sentence: str) -> Markup:
    """What stands between backticks is code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(sentence))))  # noqa: S704 - escaped, but for our own tags


def words(locale: Locale) -> Mapping[str, Callable[..., str]]:
    """What templates say by: `_` for sentences, and numbers, shares, money and times as the language writes them."""
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

    def day(on: date) -> str:
        return format_date(on, "medium", locale=language)

    def span(length: timedelta) -> str:
        return format_timedelta(length, locale=language, threshold=1.5)

    return {"_": _, "number": number, "percent": percent, "money": money, "moment": moment, "day": day, "span": span}
