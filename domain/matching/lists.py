"""A person's list: every product that they can have, in order, cached until an input changes."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.credit.assessing import score_now
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts import readings
from domain.facts.sheets import FactSheet
from domain.market.applicants import Applicant, applicant_of
from domain.matching import basis as bases
from domain.matching import candidates as choosing
from domain.matching import shelf
from domain.matching.basis import Basis
from domain.matching.cheapest import cheapest_first
from domain.matching.matcher import Candidates, Ranking, matcher
from domain.matching.shelf import Shelf
from infra import clock
from infra.database import Db

KEPT_MAX = 256


@dataclass(frozen=True, eq=False)
class List:
    basis: Basis
    good_until: datetime | None  # when the first of the facts behind it ends
    sheet: FactSheet
    scored: Scored | None
    applicant: Applicant
    candidates: Candidates
    ranking: Ranking
    recorded: set[object] = field(default_factory=set)  # which impressions this process has written down


_kept: OrderedDict[UUID, List] = OrderedDict()


async def list_for(db: Db, user_id: UUID, just_read: tuple[Basis, datetime] | None = None) -> List:
    """The person's list as it is now: from memory only where nothing that it depends on has changed."""
    await bases.keep_up(db)
    is_read = just_read is not None and just_read[0].is_of_live_models
    basis, now = just_read if just_read and is_read else await bases.read(db, user_id)
    clock.freeze(db, at=now)
    kept = _kept.get(user_id)
    if kept is not None and kept.basis == basis and (kept.good_until is None or now < kept.good_until):
        _kept.move_to_end(user_id)
        return kept
    shelf_now = await shelf.current(db, basis.shelf_version)
    sheet = await readings.sheet(db, user_id)
    basis = replace(basis, shelf_version=shelf_now.version)
    made = await asyncio.to_thread(lambda: _made(basis, sheet, shelf_now))
    if not basis.is_of_live_models:
        return await list_for(db, user_id)  # another model was promoted meanwhile
    _cache(made)
    return made


def forget() -> None:
    """Make every list anew when it is asked for next."""
    _kept.clear()


def _cache(made: List) -> None:
    _kept[made.basis.user_id] = made
    _kept.move_to_end(made.basis.user_id)
    while len(_kept) > KEPT_MAX:
        _kept.popitem(last=False)


def _made(basis: Basis, sheet: FactSheet, shelf_now: Shelf) -> List:
    scored = scored_of(sheet) if basis.has_linked else None
    applicant = applicant_of(sheet, scored, basis.burden)
    candidates, ranking = ranked(sheet, scored, applicant, shelf_now, is_personal=basis.is_personal)
    return List(basis, sheet.stale_at, sheet, scored, applicant, candidates, ranking)


def scored_of(sheet: FactSheet) -> Scored | None:
    scored = score_now(sheet)
    return None if isinstance(scored, NotEnoughKnown) else scored


def ranked(
    sheet: FactSheet, scored: Scored | None, applicant: Applicant, shelf_now: Shelf, *, is_personal: bool
) -> tuple[Candidates, Ranking]:
    """All that this person can have, in order. Blocks for as long as the models take."""
    candidates = choosing.allowed(shelf_now, applicant)
    if not is_personal:
        return candidates, cheapest_first(candidates)
    return candidates, matcher().rank(sheet, scored, candidates)
