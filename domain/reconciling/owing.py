"""Owing: what an agreement owes by its schedule, worked out anew of all that happened, against what the ledger has booked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from domain.agreements import agreements
from domain.agreements.agreements import Agreement
from domain.agreements.kinds import KINDS
from domain.agreements.standings import AgreementStanding, standing_of, standings
from domain.ledger.accounts import Balances, balances_of, balances_of_subjects
from domain.ledger.kinds import AccountKind as K
from domain.reconciling.breaks import BreakKind, LedgerDifference
from infra import clock
from infra.database import Db


async def schedules_compared(db: Db, first: UUID, last: UUID) -> list[LedgerDifference]:
    """Compare schedules from one person to another. What seems to differ is looked at again while nobody can change it."""
    its = select(Agreement.user_id, Agreement.id).where(Agreement.user_id.between(first, last))
    keys = {(user_id, id) for user_id, id in await db.execute(its)}
    if not keys:
        return []
    now = await clock.now(db)
    standing, balances = await standings(db, keys), await balances_of_subjects(db, keys)
    doubtful = [key for key in sorted(keys) if _differences(standing[key], balances[key], now)]
    found: list[LedgerDifference] = []
    for user_id, id in doubtful:
        agreement = await agreements.lock(db, user_id, id)
        assert agreement is not None, "nobody deletes an agreement"
        found += _differences(await standing_of(db, agreement), await balances_of(db, user_id, id), await clock.now(db))
    return found


def _differences(standing: AgreementStanding, balances: Balances, now: datetime) -> list[LedgerDifference]:
    agreement = standing.agreement
    return [
        LedgerDifference(BreakKind.SCHEDULE, agreement.id, kind.value, expected, balances[kind], agreement.currency)
        for kind, expected in _expected(standing, now).items()
        if expected != balances[kind]
    ]


def _expected(standing: AgreementStanding, now: datetime) -> dict[K, int]:
    """What is owed, less what has fallen due since anything was booked."""
    owed, credit = standing.life.owed, standing.life.credit
    for movement in standing.unposted(now):
        owed, credit = owed - movement.parts, credit - movement.credit
    return {
        KINDS[standing.agreement.kind].books.owed: owed.principal,
        K.INTEREST: owed.interest,
        K.FEES: owed.fees + owed.penalties,
        K.CREDIT: credit,
    }
