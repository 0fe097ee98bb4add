"""Match: a product ranked for a person, with the odds that he gets it and why it is shown. Never binding."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.credit import assessing, policy
from domain.credit.reasons import Reason
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts import accounts, readings
from domain.facts.sheets import FactSheet
from domain.market import eligibility, products
from domain.market.matching import Candidate, OddsBand, Ranked, matcher
from domain.market.products import DecisionMode, Product, ProductKind
from domain.market.terms import quoting
from domain.market.terms.quoting import Illustration
from infra.database import Db
from infra.paging import Page, decode_cursor, encode_cursor, limit_of, not_ours


@dataclass(frozen=True)
class Match:
    product: Product
    odds_band: OddsBand | None
    value: float
    reasons: tuple[Reason, ...]
    illustration: Illustration

    @property
    def id(self) -> UUID:
        return self.product.id

    @property
    def sponsored(self) -> bool:
        return self.product.sponsored

    @property
    def key(self) -> tuple[float, str]:
        return -self.value, str(self.product.id)


async def page(db: Db, user_id: UUID, *, kind: ProductKind | None, first: int | None, after: str | None) -> Page[Match]:
    """The person's matches, best first. Ranked anew at each read, so nothing stale is ever shown."""
    limit = limit_of(first)
    start = _start(after) if after is not None else None
    ranked = await of_user(db, user_id, kind=kind)
    rest = [match for match in ranked if start is None or match.key > start]
    cursors = [encode_cursor(match.key) for match in rest[:limit]]
    return Page(
        items=rest[:limit],
        cursors=cursors,
        has_next=len(rest) > limit,
        has_previous=after is not None,
        end=cursors[-1] if cursors else after,
    )


def _start(after: str) -> tuple[float, str]:
    value, id = decode_cursor(after, 2)
    if isinstance(value, str) or not isinstance(id, str):
        raise not_ours()
    return value, id


async def of_user(db: Db, user_id: UUID, *, kind: ProductKind | None = None) -> list[Match]:
    """All products that this person may have, best first."""
    sheet = await readings.sheet(db, user_id)
    has_linked = bool(await accounts.linked(db, user_id))
    offered = (await db.execute(products.published(kind))).scalars().all()
    return await asyncio.to_thread(_rank, sheet, has_linked, offered)


def _rank(sheet: FactSheet, has_linked: bool, offered: Sequence[Product]) -> list[Match]:
    scored = _scored(sheet) if has_linked else None
    who = eligibility.applicant_of(sheet, scored.grade if scored else None)
    income = int(who.income * 100) if who.income is not None else None
    shown = {
        product.id: quoting.illustrate(product, who.grade, income)
        for product in offered
        if eligibility.is_eligible(product, who)
    }
    eligible = {
        product.id: product
        for product in offered
        if product.id in shown and not _is_refused(product, shown[product.id], scored, sheet)
    }
    candidates = [_candidate(eligible[id], shown[id]) for id in eligible]
    ranked = matcher().rank(sheet, scored, candidates)
    matches = [_match(eligible[row.product_id], shown[row.product_id], row) for row in ranked]
    return sorted(matches, key=lambda match: match.key)


def _is_refused(product: Product, shown: Illustration, scored: Scored | None, sheet: FactSheet) -> bool:
    """What the rules decide at once is known before anybody applies."""
    if scored is None or product.decision != DecisionMode.INSTANT:
        return False
    request = policy.Request(shown.amount, shown.quote.monthly_payment, product.grade_at_least)
    return policy.would_decline(request, scored, sheet)


def _scored(sheet: FactSheet) -> Scored | None:
    scored = assessing.score_now(sheet)
    return None if isinstance(scored, NotEnoughKnown) else scored


def _candidate(product: Product, shown: Illustration) -> Candidate:
    return Candidate(
        product_id=product.id,
        kind=product.kind,
        partner_id=product.partner_id,
        amount_min=product.amount_min,
        amount_max=product.amount_max,
        terms=tuple(product.term_months),
        annual_rate=float(product.annual_rate) if product.annual_rate is not None else None,
        monthly_cost=shown.quote.monthly_payment,
        total_cost=shown.quote.total_cost,
        grade_at_least=product.grade_at_least.value if product.grade_at_least else None,
        sponsored=product.sponsored,
    )


def _match(product: Product, shown: Illustration, row: Ranked) -> Match:
    return Match(product=product, odds_band=row.odds_band, value=row.value, reasons=row.reasons, illustration=shown)
