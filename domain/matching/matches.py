"""Match: a product ranked for a person, with the odds that they get it and why it is shown. Never binding."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

import numpy as np

from domain.credit.reasons import Reason
from domain.market import quoting
from domain.market.arrays import Indices
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.market.quoting import Illustration
from domain.matching import views
from domain.matching.basis import Basis
from domain.matching.impressions import Shown
from domain.matching.lists import List
from domain.matching.matcher import OddsBand, matcher
from domain.matching.odds import bands
from domain.matching.odds.bands import BandEvidence
from domain.matching.views import View
from infra.database import Db
from infra.paging import Page, limit_of
from infra.words import N_

TRIED = Reason("TRIED", N_("Shown at random, to learn whether people like it."))
BY_COST = (Reason("BY_COST", N_("Shown in order of cost, as you chose.")),)


@dataclass(frozen=True)
class Match:
    """`odds_band` is None where no band keeps what it says; `band_evidence` tells why."""

    product: Product
    odds_band: OddsBand | None
    band_evidence: BandEvidence
    reasons: tuple[Reason, ...]
    illustration: Illustration
    cursor: str
    shown: Shown

    @property
    def id(self) -> UUID:
        return self.product.id

    @property
    def sponsored(self) -> bool:
        return self.product.sponsored


@dataclass(frozen=True)
class Matches(Page[Match]):
    """A page of a person's matches."""

    found: List = field(kw_only=True)
    count: int = field(kw_only=True)  # on all pages

    @property
    def news(self) -> list[Shown]:
        """What this process has not recorded yet of what is shown here."""
        return [match.shown for match in self.items if match.shown.key not in self.found.recorded]


async def page(
    db: Db,
    user_id: UUID,
    *,
    kind: ProductKind | None,
    first: int | None,
    after: str | None,
    just_read: tuple[Basis, datetime] | None = None,
) -> Matches:
    """The person's matches, best first."""
    limit = limit_of(first)
    cursor = views.read(after) if after is not None else None
    view, start = await views.of(db, user_id, kind, just_read), 0
    if cursor is not None:
        view, start = view.behind(cursor)
    evidence = await bands.evidence_of(db, matcher())
    stop = min(start + limit, len(view.ranked))
    shown = await _page_of(view, range(start, stop), evidence)
    cursors = [match.cursor for match in shown]
    return Matches(
        items=shown,
        cursors=cursors,
        has_next=stop < len(view.ranked),
        has_previous=after is not None,
        end=cursors[-1] if cursors else after,
        found=view.found,
        count=len(view.ranked),
    )


async def find(db: Db, user_id: UUID, product_ids: set[UUID]) -> dict[UUID, Match]:
    """The matches, of these products, that are among what the person can have."""
    view = await views.of(db, user_id, None)
    positions = [place for id in product_ids if (place := view.position_of(id)) is not None]
    evidence = await bands.evidence_of(db, matcher())
    shown = await asyncio.to_thread(lambda: _show(view, positions, evidence))
    return {match.id: match for match in shown}


async def _page_of(view: View, positions: range, evidence: Mapping[OddsBand, BandEvidence]) -> Sequence[Match]:
    """The latest page of each list is kept: most who read again read the same."""
    asked = (view.list_id, view.plan.drawn, positions, evidence)
    known = _latest.get(view.found)
    if known is None or known[0] != asked:
        known = asked, await asyncio.to_thread(lambda: _show(view, positions, evidence))
        _latest[view.found] = known
    return known[1]


_latest: WeakKeyDictionary[List, tuple[object, Sequence[Match]]] = WeakKeyDictionary()


def _show(view: View, positions: Sequence[int], evidence: Mapping[OddsBand, BandEvidence]) -> list[Match]:
    found = view.found
    places = np.array([view.place_at(position) for position in positions], np.intp)
    if not len(places):
        return []
    reasons, rows = _explain(found, places, [band for band, backed in evidence.items() if backed.is_kept])
    return [
        _match(view, position, int(place), why, row, evidence)
        for position, place, why, row in zip(positions, places, reasons, rows, strict=True)
    ]


def _explain(
    found: List, places: Indices, kept: Collection[OddsBand]
) -> tuple[Sequence[tuple[Reason, ...]], Sequence[Mapping[str, float | None] | None]]:
    if not found.basis.is_personal:
        return [BY_COST] * len(places), [None] * len(places)
    person = found.sheet, found.scored, found.candidates
    return matcher().reasons(*person, places, kept), matcher().rows(*person, places)


def _match(
    view: View,
    position: int,
    place: int,
    reasons: tuple[Reason, ...],
    row: Mapping[str, float | None] | None,
    evidence: Mapping[OddsBand, BandEvidence],
) -> Match:
    found, ranking = view.found, view.found.ranking
    product = found.candidates.shelf.product(int(found.candidates.rows[place]))
    odds = _number(ranking.odds[place])
    band = None if odds is None else matcher().band(odds)
    backed = bands.NO_ODDS if band is None else evidence[band]
    told_band = band if backed.is_kept else None
    value = float(ranking.value[place])
    is_explored = view.plan.is_explored(position)
    return Match(
        product=product,
        odds_band=told_band,
        band_evidence=backed,
        reasons=(TRIED, *reasons) if is_explored else reasons,
        illustration=quoting.illustrate(
            product, found.scored.grade if found.scored else None, found.applicant.income_in(product.currency)
        ),
        cursor=views.written(view.cursor_at(position)),
        shown=Shown(
            list_id=view.list_id,
            product_id=product.id,
            position=position,
            propensity=view.plan.propensity(position),
            is_explored=is_explored,
            is_personal=found.basis.is_personal,
            model_version=found.basis.matcher_version,
            odds=odds,
            odds_band=band,
            wish=_number(ranking.wish[place]),
            value=value,
            columns=row,
        ),
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
