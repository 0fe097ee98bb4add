"""LedgerAccount: one of each kind for an agreement, so that no two agreements wait for each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Select, UniqueConstraint, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.ledger.kinds import KINDS, OWED, AccountKind, AccountRule, Side, constraint_of
from infra.database import Db
from infra.entity import Entity, Minor, OwnerId
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises


@raises(Raised.BY_ANOTHER)
class LedgerAccount(Entity):
    """`debits` and `credits` are the sums of all its transfers. Triggers alone raise them, in the statement that posts.

    `subject_id` names the agreement; of money that fits nothing, the payment.
    """

    __tablename__ = "ledger_accounts"
    __privacy__ = Privacy(Export.INSIDE, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(primary_key=True)
    currency: Mapped[str]
    debits: Mapped[Minor]
    credits: Mapped[Minor]

    __table_args__ = (
        UniqueConstraint("user_id", "subject_id", "kind", "currency"),  # which transfers name: theirs is its currency
        *(CheckConstraint(constraint_of(rule), name=rule.value) for rule in AccountRule),
    )

    @property
    def balance(self) -> int:
        """The balance on the side on which the account's kind grows."""
        return balance_of(self.kind, self.debits, self.credits)


def balance_of(kind: AccountKind, debits: int, credits: int) -> int:
    return debits - credits if KINDS[kind].side is Side.DEBIT else credits - debits


@dataclass(frozen=True)
class Balances:
    """The balances of one agreement, each on its kind's side, in minor units; an account that was never used has zero."""

    currency: str | None = None
    by_kind: Mapping[AccountKind, int] = field(default_factory=dict)

    def __getitem__(self, kind: AccountKind) -> int:
        return self.by_kind.get(kind, 0)

    @property
    def outstanding(self) -> int:
        """Principal, interest, fees and rent that are owed now."""
        return sum(self[kind] for kind in OWED)

    @classmethod
    def of(cls, accounts: Iterable[LedgerAccount]) -> "Balances":
        rows = list(accounts)
        return cls(rows[0].currency if rows else None, {row.kind: row.balance for row in rows})


def _accounts() -> Select[LedgerAccount]:
    return select(LedgerAccount).where(is_any_pair(LedgerAccount.user_id, LedgerAccount.subject_id))


@loader(Question(_accounts))
async def balances_of_subjects(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: Any, rows: list[tuple[LedgerAccount]]
) -> dict[tuple[UUID, UUID], Balances]:
    """The balances of many, by (user, agreement)."""
    found: dict[tuple[UUID, UUID], list[LedgerAccount]] = {key: [] for key in keys}
    for (row,) in rows:
        found[(row.user_id, row.subject_id)].append(row)
    return {key: Balances.of(accounts) for key, accounts in found.items()}


async def balances_of_all(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Balances]:
    """The balances of many, by (user, agreement), as this session sees them, after what it posted itself."""
    theirs = select(LedgerAccount).where(tuple_(LedgerAccount.user_id, LedgerAccount.subject_id).in_(keys))
    found: dict[tuple[UUID, UUID], list[LedgerAccount]] = {key: [] for key in keys}
    for row in (await db.execute(theirs.execution_options(populate_existing=True))).scalars():
        found[row.user_id, row.subject_id].append(row)
    return {key: Balances.of(accounts) for key, accounts in found.items()}


async def balances_of(db: Db, user_id: UUID, subject_id: UUID) -> Balances:
    """The same of one."""
    key = user_id, subject_id
    return (await balances_of_all(db, {key}))[key]
