"""Buckets: how much of the book is late, and for how long."""

from dataclasses import dataclass

from sqlalchemy import func, select

from domain.agreements.agreements import OWING, Agreement
from domain.agreements.coming import BUCKETS
from domain.ledger.accounts import LedgerAccount
from domain.ledger.kinds import OWED
from domain.people import worlds
from infra.database import Db


@dataclass(frozen=True)
class Bucket:
    """Agreements that are late for `days` or more and have not reached the next bucket, and what is owed on them now, whole,
    by currency in minor units."""

    days: int
    agreements: int
    owed: dict[str, int]


async def buckets(db: Db) -> list[Bucket]:
    """One for each of BUCKETS, also where nothing is in it."""
    owing = select(Agreement).where(Agreement.bucket > 0, Agreement.status.in_(OWING))
    late = owing.where(worlds.of_live_partner(Agreement.partner_id)).subquery()
    count = select(late.c.bucket, func.count()).group_by(late.c.bucket)
    counts: dict[int, int] = dict((await db.execute(count)).all())
    its = (LedgerAccount.user_id == late.c.user_id) & (LedgerAccount.subject_id == late.c.id)
    owed = select(late.c.bucket, late.c.currency, func.sum(LedgerAccount.debits - LedgerAccount.credits))
    owed = owed.join(LedgerAccount, its & LedgerAccount.kind.in_(OWED)).group_by(late.c.bucket, late.c.currency)
    sums: dict[int, dict[str, int]] = {days: {} for days in BUCKETS}
    for days, currency, amount in await db.execute(owed.order_by(late.c.bucket, late.c.currency)):
        sums[days][currency] = int(amount)
    return [Bucket(days, counts.get(days, 0), sums[days]) for days in BUCKETS]
