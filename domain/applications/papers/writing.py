"""Writing the papers of an offer: contract, schedule and key facts, each in every language. The same terms give the same bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from babel.numbers import get_currency_symbol
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from domain.market.goods import LeaseTimes
from domain.market.kinds import ProductKind
from domain.money import late_fees
from domain.money.instalments import Instalment
from infra.money import decimals
from infra.words import N_, SPOKEN, Locale, say

PAGES = Path(__file__).parent / "pages"
LANGUAGES = {"zh": "zh_CN", "en": "en"}
HTML_TAGS = {"zh": "zh-CN", "en": "en"}
# In the order in which they are to be read.
PAPERS = {
    "summary": N_("Key facts before you sign"),
    "contract": N_("Contract"),
    "schedule": N_("Schedule of payments"),
}


@dataclass(frozen=True)
class PaperTerms:
    """All that the papers say. Money in minor units; `received` is what is in hand after the fee."""

    partner: str
    title: str
    kind: ProductKind
    currency: str
    amount: int
    months: int
    annual_rate: Decimal | None
    annual_cost: Decimal
    cap: Decimal
    monthly: int
    total: int
    received: int
    deposit: int
    waived: int
    principal_first: bool
    instalments: tuple[Instalment, ...]
    times: LeaseTimes | None = None
    interest_only: bool = False
    late_fee_rate: Decimal = Decimal(0)

    @property
    def lends(self) -> bool:
        return self.kind.terms.lends

    @property
    def page(self) -> str:
        """What the papers say of this kind alone: a page of pieces, which they all take from."""
        return f"kinds/{self.kind.lower()}"

    @property
    def fee(self) -> int:
        return self.amount - self.received if self.lends else 0

    @property
    def grace_days(self) -> int:
        return late_fees.GRACE.days

    @property
    def paid(self) -> int:
        """All instalments together."""
        return sum(row.due for row in self.instalments)


@dataclass(frozen=True)
class WrittenPaper:
    """One page in one language, under the hash of its bytes."""

    locale: Locale
    title: str
    body: str
    sha256: str


@lru_cache(maxsize=256)
def write(terms: PaperTerms) -> tuple[WrittenPaper, ...]:
    """All of them, language by language."""
    return tuple(_paper(terms, paper, locale) for locale in SPOKEN for paper in PAPERS)


def _paper(terms: PaperTerms, paper: str, locale: Locale) -> WrittenPaper:
    name = say(PAPERS[paper], locale)
    body = (
        _environment()
        .get_template(f"{paper}.{locale}.html")
        .render(
            terms=terms,
            name=name,
            language=HTML_TAGS[locale],
            style=_style(),
            words={"amount": say(terms.kind.terms.amount, locale)},
            money=_money(terms.currency, LANGUAGES[locale]),
            plain=_money(terms.currency),
            percent=_percent,
        )
    )
    return WrittenPaper(locale, f"{terms.title} {name}", body, sha256(body.encode()).hexdigest())


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _style() -> Markup:
    return Markup((PAGES / "page.css").read_text(encoding="utf-8").strip())  # noqa: S704 - our own file


@lru_cache(maxsize=64)
def _money(currency: str, language: str | None = None) -> Callable[[int], str]:
    """With its sign in a language, or without; in both it comes first."""
    # Babel's own way takes a hundred times as long, and an offer has many amounts.
    sign = get_currency_symbol(currency, locale=language) if language else ""
    places = decimals(currency)
    return lambda minor: f"{sign}{Decimal(minor).scaleb(-places):,.{places}f}"


def _percent(share: Decimal) -> str:
    """At least two decimals, and as many more as there are."""
    whole = (100 * share).normalize()
    exponent = whole.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{whole:,.{places}f}%"
