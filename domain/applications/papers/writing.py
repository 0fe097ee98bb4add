"""Writing the papers of an offer: contract, schedule and key facts, each in every language. The same terms give the same bytes."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from domain.market.goods import LeaseTimes
from domain.market.kinds import ProductKind
from domain.money import late_fees
from domain.money.instalments import Instalment
from domain.papers import writing
from domain.papers.writing import WrittenPaper
from infra.words import N_, SPOKEN, Locale, say

PAGES = Path(__file__).parent / "pages"
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


@lru_cache(maxsize=256)
def write(terms: PaperTerms) -> tuple[WrittenPaper, ...]:
    """All of them, language by language."""
    return tuple(_paper(terms, paper, locale) for locale in SPOKEN for paper in PAPERS)


def _paper(terms: PaperTerms, paper: str, locale: Locale) -> WrittenPaper:
    return writing.write(
        PAGES,
        paper,
        locale,
        name=say(PAPERS[paper], locale),
        title=terms.title,
        partner=terms.partner,
        currency=terms.currency,
        terms=terms,
        words={"amount": say(terms.kind.terms.amount, locale)},
    )
