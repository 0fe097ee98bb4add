"""Writing a paper: one page in one language, with its own style, under the hash of its bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from babel.dates import format_date
from babel.numbers import get_currency_symbol
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from infra import clock
from infra.money import decimals
from infra.words import Locale

FRAME = Path(__file__).parent / "pages"
LANGUAGES = {"zh": "zh_CN", "en": "en"}
HTML_TAGS = {"zh": "zh-CN", "en": "en"}
DAYS = {"zh": "yyyy年M月d日", "en": "d MMMM yyyy"}


@dataclass(frozen=True)
class WrittenPaper:
    """One page in one language, under the hash of its bytes."""

    locale: Locale
    title: str
    body: str
    sha256: str


def write(
    pages: Path, template: str, locale: Locale, *, name: str, title: str, partner: str, currency: str, **shown: object
) -> WrittenPaper:
    """Write the page `template` of a folder within the frame of all papers.

    `name` is what the paper is, `title` and `partner` what it is about. Pages have `money` (minor units, with the currency's
    sign), `plain` (without it), `percent` (a share) and `day` (a day, or the product's day of a moment).
    """
    body = (
        _environment(pages)
        .get_template(f"{template}.{locale}.html")
        .render(
            name=name,
            title=title,
            partner=partner,
            locale=locale,
            language=HTML_TAGS[locale],
            style=_style(),
            money=_money(currency, LANGUAGES[locale]),
            plain=_money(currency),
            percent=_percent,
            day=_day(locale),
            **shown,
        )
    )
    return WrittenPaper(locale, f"{title} {name}", body, sha256(body.encode()).hexdigest())


@cache
def _environment(pages: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader([pages, FRAME]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> Markup:
    return Markup((FRAME / "page.css").read_text(encoding="utf-8").strip())  # noqa: S704 - our own file


@lru_cache(maxsize=64)
def _money(currency: str, language: str | None = None) -> Callable[[int], str]:
    """With its sign in a language, or without; in both it comes first."""
    # Babel's own way takes a hundred times as long, and an offer has many amounts.
    sign = get_currency_symbol(currency, locale=language) if language else ""
    places = decimals(currency)

    def written(minor: int) -> str:
        return f"{'-' if minor < 0 else ''}{sign}{Decimal(abs(minor)).scaleb(-places):,.{places}f}"

    return written


def _percent(share: Decimal) -> str:
    """At least two decimals, and as many more as there are."""
    whole = (100 * share).normalize()
    exponent = whole.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{whole:,.{places}f}%"


def _day(locale: Locale) -> Callable[[date], str]:
    def written(when: date) -> str:
        day = clock.local_day(when) if isinstance(when, datetime) else when
        return format_date(day, DAYS[locale], locale=LANGUAGES[locale])

    return written
