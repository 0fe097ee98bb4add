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
    for standing in standings:
        agreement = standing.agreement
        lapses_on = coming.lapses_on(standing)
        if lapses_on is None or lapses_on > standing.on:
            continue
        # Goods that were reported a moment ago are about to be confirmed.
        if not await standing.kind.has_begun(db, agreement):
            await limits.end(db, agreement)
            await offers.end(db, agreement.user_id, agreement.offer_id)
            await moving.move(db, agreement, AgreementStatus.UNWOUND)
            await outbox.announce(db, LAPSED, user_id=agreement.user_id, subject_id=agreement.id)
    return [*standings]
