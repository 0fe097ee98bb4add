"""LinkedAccount: a person's account at a provider."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Index, delete, exists, select, text, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.facts import leaving
from domain.facts.leaving import Weigh
from domain.facts.provider_subjects import ProviderSubject
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.errors import not_found
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import ANY_KEY, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import N_

TOKENS, NAME = "linked_accounts.tokens", "linked_accounts.display_name"
LINKED, UNLINKED = declare("account.linked"), declare("account.unlinked")
EXPIRING, BROKEN = declare("account.expiring"), declare("account.broken", why=str)
READ = declare("account.read")


class LinkStatus(StrEnum):
    ACTIVE = "ACTIVE"
    EXPIRING = "EXPIRING"
    BROKEN = "BROKEN"
    UNLINKED = "UNLINKED"


IN_FORCE = (LinkStatus.ACTIVE, LinkStatus.EXPIRING, LinkStatus.BROKEN)
READABLE = (LinkStatus.ACTIVE, LinkStatus.EXPIRING)
IN_FORCE_SQL = f"status <> '{LinkStatus.UNLINKED}'"

LIFE = Lifecycle(
    "Linked account",
    Move([LinkStatus.ACTIVE], LinkStatus.EXPIRING, EXPIRING),
    Move([LinkStatus.EXPIRING], LinkStatus.ACTIVE),  # its tokens were renewed, and end later now
    Move(READABLE, LinkStatus.BROKEN, BROKEN, at="ends_at"),
    Move(IN_FORCE, LinkStatus.UNLINKED, UNLINKED),
    Move([LinkStatus.BROKEN, LinkStatus.UNLINKED], LinkStatus.ACTIVE, LINKED),
    begins=LinkStatus.ACTIVE,
    event=LINKED,
    groups={"in force": IN_FORCE, "readable": READABLE},
)


@raises(Raised.OWNERS)
class LinkedAccount(Entity):
    """One per person and provider account. Linking it again mends it in place; facts never double.

    `renew_at`: when its tokens are to be exchanged for new ones; `renewal_unanswered` where they were sent and nobody knows what
    became of them. `ends_at`: when the person's permission is over unless they
    give it again; None where nobody told. An account that is unlinked keeps its tokens until its provider has taken them back.
    """

    __tablename__ = "linked_accounts"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED, secrets=("tokens_sealed",))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    provider: Mapped[str]
    subject_index: Mapped[bytes]
    display_name_sealed: Mapped[bytes | None]
    tokens_sealed: Mapped[bytes | None]
    scopes: Mapped[list[str]]
    linked_at: Mapped[datetime]
    status: Mapped[LinkStatus] = mapped_column(default=LinkStatus.ACTIVE)
    unlinked_at: Mapped[datetime | None] = mapped_column(default=None)
    renew_at: Mapped[datetime | None] = mapped_column(default=None)
    ends_at: Mapped[datetime | None] = mapped_column(default=None)
    renewal_unanswered: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index(None, "user_id", "provider", "subject_index", unique=True),
        Index(None, "provider", "subject_index"),  # a provider knows nobody here by another name
        Index("ix_linked_accounts_renewing", "renew_at", postgresql_where=text("renew_at IS NOT NULL")),
        Index("ix_linked_accounts_ending", "ends_at", postgresql_where=text("ends_at IS NOT NULL")),
        # What a provider tells is filed under its name, so a second account in force would share the first one's facts.
        Index(
            "ix_linked_accounts_one_in_force",
            "user_id",
            "provider",
            unique=True,
            postgresql_where=text(IN_FORCE_SQL),
        ),
    )

    @property
    def source(self) -> str:
        return self.provider


IS_IN_FORCE = LinkedAccount.status != LinkStatus.UNLINKED


async def mine(db: Db, actor: UserActor, account_id: UUID, *, to_change: bool = False) -> LinkedAccount:
    """The account, locked where it is to be changed. Refuses NOT_FOUND."""
    account = await db.get(LinkedAccount, (actor.user_id, account_id), with_for_update=to_change)
    if account is None:
        raise not_found(N_("We could not find this linked account."), ("input", "linkedAccountId"))
    return account


async def unlink(db: Db, actor: UserActor, account_id: UUID, *, weigh: Weigh) -> LinkedAccount:
    """End a link; of what it told only debts and arrears count on, for a time. Twice is once. Refuses NOT_FOUND."""
    account = await mine(db, actor, account_id, to_change=True)
    if account.status == LinkStatus.UNLINKED:
        return account
    await end_link(db, account, weigh)
    return account


async def end_link(db: Db, account: LinkedAccount, weigh: Weigh) -> None:
    """End a link of an account that is locked and in force, as `unlink` does."""
    await LIFE.move(db, account, LinkStatus.UNLINKED)
    account.unlinked_at, account.renew_at, account.ends_at = await clock.now(db), None, None
    await leaving.leave(db, account.user_id, account.id, account.source, weigh)
    await db.flush()
    its = (ProviderSubject.user_id == account.user_id, ProviderSubject.account_id == account.id)
    await db.execute(delete(ProviderSubject).where(*its))


async def linked(db: Db, user_id: UUID) -> list[LinkedAccount]:
    return (await of_users(db, {user_id}))[user_id]


def has_linked(user_id: UUID | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether an account of this person is in force, as part of a larger question."""
    return exists().where(LinkedAccount.user_id == user_id, IS_IN_FORCE)


def has_linked_sql(owner: str) -> str:
    """Whether the person in this column has linked an account, in SQL."""
    return f"EXISTS (SELECT FROM linked_accounts AS account WHERE account.user_id = {owner} AND account.{IN_FORCE_SQL})"


async def by_id(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], LinkedAccount]:
    """Linked accounts by keys of (user, account), whatever their status."""
    of_these = select(LinkedAccount).where(tuple_(LinkedAccount.user_id, LinkedAccount.id).in_(keys))
    return {(row.user_id, row.id): row for row in (await db.execute(of_these)).scalars()}


LINKED_ACCOUNTS = Question(
    lambda: (
        select(LinkedAccount)
        .where(LinkedAccount.user_id == ANY_KEY, IS_IN_FORCE)
        .order_by(LinkedAccount.linked_at, LinkedAccount.id)
    )
)


@loader(LINKED_ACCOUNTS)
async def of_users(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[LinkedAccount]]
) -> dict[UUID, list[LinkedAccount]]:
    """The accounts in force of each person, in the order in which they were linked."""
    found: dict[UUID, list[LinkedAccount]] = {user_id: [] for user_id in user_ids}
    for (account,) in rows:
        found[account.user_id].append(account)
    return found


async def display_names(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], str]:
    """What these accounts are called at their providers, for keys of (user, account)."""
    accounts = await by_id(db, keys)
    seals = await vault.seals_of(db, {user_id for user_id, _ in keys})
    return {
        key: seals[key[0]].open(account.display_name_sealed, NAME)
        for key, account in accounts.items()
        if account.display_name_sealed is not None and key[0] in seals
    }
