"""What would be left without an account: scored and matched by what serves, and kept nowhere."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from domain.actors import UserActor
from domain.credit import scores
from domain.credit.assessing import points_gained
from domain.credit.scores import Score
from domain.credit.scoring import Scored
from domain.facts import accounts, leaving, readings
from domain.facts.accounts import LinkStatus
from domain.facts.sheets import FactSheet
from domain.market.applicants import applicant_of
from domain.matching import basis as bases
from domain.matching import candidates, shelf
from domain.matching.lists import scored_of
from domain.matching.shelf import Shelf
from infra import clock, vault
from infra.database import reading
from infra.errors import Refusal, RefusalCode
from infra.words import N_


@dataclass(frozen=True)
class LinkPreview:
    """`after` is written nowhere; `matches_gained` and `matches_lost` count products."""

    before: Score | None
    after: Score | None
    matches_gained: int
    matches_lost: int


async def preview(actor: UserActor, account_id: UUID) -> LinkPreview:
    """What unlinking this account now would make of score and matches. Refuses NOT_FOUND, and NOT_OPEN what is unlinked already."""
    async with reading() as db:
        account = await accounts.mine(db, actor, account_id)
        if account.status == LinkStatus.UNLINKED:
            sentence = N_("This account is unlinked already.")
            raise Refusal(RefusalCode.NOT_OPEN, sentence, field=("input", "linkedAccountId"))
        await bases.keep_up(db)
        basis, now = await bases.read(db, actor.user_id)
        clock.freeze(db, at=now)
        left_linked = [each for each in await accounts.linked(db, actor.user_id) if each.id != account_id]
        without = await leaving.sheet_without(db, actor.user_id, account_id, account.source, points_gained)
        known = await readings.sheet(db, actor.user_id)
        shelf_now = await shelf.current(db, basis.shelf_version)
        seal, before = await vault.seal_of(db, actor.user_id), await scores.current(db, actor.user_id)
    can_now, _ = await asyncio.to_thread(_can_have, known, basis.has_linked, basis.burden, shelf_now)
    could, scored = await asyncio.to_thread(_can_have, without, bool(left_linked), basis.burden, shelf_now)
    after = Score(**scores.score_row(actor.user_id, seal, scored, now, basis.facts_version)) if scored else None
    return LinkPreview(before, after, matches_gained=len(could - can_now), matches_lost=len(can_now - could))


def _can_have(sheet: FactSheet, has_linked: bool, burden: int, shelf_now: Shelf) -> tuple[set[int], Scored | None]:
    """The rows of the products that this person could have, and the score with which."""
    scored = scored_of(sheet) if has_linked else None
    applicant = applicant_of(sheet, scored, burden)
    return set(candidates.allowed(shelf_now, applicant).rows.tolist()), scored
