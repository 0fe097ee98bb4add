"""Lapsing: an agreement that has not begun in time is over, and what was kept for it is free again."""

from collections.abc import Sequence

from domain.agreements import coming, limits, moving
from domain.agreements.agreements import LAPSED, AgreementStatus
from domain.agreements.standings import AgreementStanding
from domain.applications import offers
from infra import outbox
from infra.database import Db


async def lapse_all(db: Db, standings: Sequence[AgreementStanding]) -> list[AgreementStanding]:
    """Let those lapse whose time is over, of agreements whose rows this transaction holds. Money that is on its way keeps one open."""
    if over := [standing.agreement for standing in standings if await _is_over(db, standing)]:
        await limits.end(db, *over)
        await offers.end(db, *((each.user_id, each.offer_id) for each in over))
    for agreement in over:
        await moving.move(db, agreement, AgreementStatus.UNWOUND)
        await outbox.announce(db, LAPSED, user_id=agreement.user_id, subject_id=agreement.id)
    return [*standings]


async def _is_over(db: Db, standing: AgreementStanding) -> bool:
    """Goods that were reported a moment ago are about to be confirmed."""
    lapses_on = coming.lapses_on(standing)
    if lapses_on is None or lapses_on > standing.on:
        return False
    return not await standing.kind.has_begun(db, standing.agreement)
