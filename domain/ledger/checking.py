"""Checking: whether every account is the sum of its transfers and every transfer may be, whoever has touched the tables.

People by people, each range in one statement: what is posted meanwhile is seen whole or not at all. What was taken out together
with all that it did to balances is found where an agreement's schedule and its ledger are compared.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from domain.ledger.faults import FAULTS, SUMS
from domain.ledger.kinds import KINDS, Side
from infra import clock
from infra.database import Db

BATCH = 500  # people in one statement

NEXT = text("""
    SELECT user_id FROM (
        (SELECT DISTINCT user_id FROM ledger_accounts WHERE user_id >= :first ORDER BY user_id LIMIT :batch)
        UNION (SELECT DISTINCT user_id FROM transfers WHERE user_id >= :first ORDER BY user_id LIMIT :batch)
    ) AS people ORDER BY user_id LIMIT :batch
""")
OWNERS = text("""
    SELECT user_id FROM ledger_accounts WHERE subject_id = :subject
     UNION SELECT user_id FROM transfers WHERE subject_id = :subject ORDER BY user_id
""")
TOTAL = text("SELECT count(*) FROM ledger_accounts")
EACH_FAULT = " UNION ALL ".join(
    f"SELECT '{name}' AS name, * FROM ({query}) AS q(user_id, subject_id, transfer_id, what)"  # noqa: S608 - our own words
    for name, query in FAULTS.items()
)
CHECK = text(f"""
    WITH kind AS (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:signs AS int[]), CAST(:bounded AS boolean[]))
            AS kind(kind, sign, is_bounded)
    ), account AS MATERIALIZED (SELECT * FROM ledger_accounts WHERE user_id BETWEEN :first AND :last),
    moved AS MATERIALIZED (SELECT * FROM transfers WHERE user_id BETWEEN :first AND :last),
    summed AS ({SUMS}),
    chosen AS MATERIALIZED (
        SELECT user_id, subject_id FROM (
            SELECT user_id, subject_id FROM moved
             WHERE (CAST(:since AS timestamptz) IS NULL OR booked_at >= :since)
               AND (CAST(:until AS timestamptz) IS NULL OR booked_at < :until)
             UNION SELECT user_id, subject_id FROM account
             WHERE CAST(:since AS timestamptz) IS NULL AND CAST(:until AS timestamptz) IS NULL
        ) AS each WHERE CAST(:subject AS uuid) IS NULL OR subject_id = :subject
    ), fault AS ({EACH_FAULT})
    SELECT name, subject_id, transfer_id, what FROM fault JOIN chosen USING (user_id, subject_id)
    UNION ALL SELECT '', NULL, NULL, (SELECT count(*) FROM account JOIN chosen USING (user_id, subject_id))
           || ' ' || (SELECT count(*) FROM moved JOIN chosen USING (user_id, subject_id)) || ' ' || (SELECT count(*) FROM account)
     ORDER BY 1, 2, 3, 4
""")  # noqa: S608 - our own words
NOBODY = UUID(int=0)
Progress = Callable[[int, int], None]  # accounts, of so many


@dataclass(frozen=True)
class LedgerFault:
    """`name` is one of FAULTS; `subject_id` the agreement, `transfer_id` the transfer where it is of one."""

    name: str
    subject_id: UUID
    transfer_id: UUID | None
    what: str

    def __str__(self) -> str:
        where = f"transfer {self.transfer_id} of {self.subject_id}" if self.transfer_id else str(self.subject_id)
        return f"{where}: {self.what}"


@dataclass
class Check:
    """How many accounts and transfers were looked at, and every fault."""

    accounts: int = 0
    transfers: int = 0
    faults: list[LedgerFault] = field(default_factory=list)


@dataclass(frozen=True)
class LedgerScope:
    """Agreements with transfers that were booked from `since` to `until`, both days of the product; or `subject_id` alone,
    which is found soon where `user_id` says whose it is.
    """

    since: date | None = None
    until: date | None = None
    subject_id: UUID | None = None
    user_id: UUID | None = None

    @property
    def given(self) -> dict[str, Any]:
        return {
            "since": clock.begins(self.since) if self.since else None,
            "until": clock.begins(self.until + timedelta(days=1)) if self.until else None,
            "subject": self.subject_id,
        }


async def check(db: Db, scope: LedgerScope, progress: Progress = lambda done, of: None) -> Check:
    """Everything of every agreement in scope, from its first transfer on."""
    found, done = Check(), 0
    total = (await db.execute(TOTAL)).scalar_one()
    first = NOBODY
    while people := await _next_people(db, scope, first):
        done += await check_people(db, scope, people[0], people[-1], found)
        progress(done, total)
        first = UUID(int=people[-1].int + 1)
    return found


async def _next_people(db: Db, scope: LedgerScope, first: UUID) -> list[UUID]:
    if scope.subject_id is None:
        return list((await db.execute(NEXT, {"first": first, "batch": BATCH})).scalars())
    known = [scope.user_id] if scope.user_id else None
    owners = known or (await db.execute(OWNERS, {"subject": scope.subject_id})).scalars().all()
    return [owner for owner in owners if owner >= first][:1]


async def check_people(db: Db, scope: LedgerScope, first: UUID, last: UUID, found: Check) -> int:
    """Adds to `found` what the ledgers of everybody from one person to another show; answers how many accounts they have."""
    kinds = {
        "kinds": list(KINDS),
        "signs": [1 if kind.side is Side.DEBIT else -1 for kind in KINDS.values()],
        "bounded": [kind.rule is not None for kind in KINDS.values()],
    }
    (_, _, _, counts), *faults = await db.execute(CHECK, {**kinds, **scope.given, "first": first, "last": last})
    accounts, transfers, all_accounts = map(int, counts.split())
    found.accounts += accounts
    found.transfers += transfers
    found.faults += [LedgerFault(*fault) for fault in faults]
    return all_accounts
