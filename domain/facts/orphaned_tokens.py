"""OrphanedTokens: what still opens an unlinked account at a provider that was away, until it is given back or a week is over."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, mapped_column

from domain.facts import link_lives
from domain.facts.link_lives import HeldTokens
from infra import clock, outbox, vault
from infra.database import Db
from infra.entity import Entity, Id, Json
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy

DUE = declare("orphaned_tokens.due")
TOKENS = "orphaned_tokens.tokens"
LASTS, EVERY = timedelta(days=7), timedelta(hours=1)


class OrphanedTokens(Entity):
    """Under the house's seal, without a word of whose they are: `account_id` names nobody once its person is erased."""

    __tablename__ = "orphaned_tokens"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    id: Mapped[Id] = mapped_column(init=False)
    account_id: Mapped[UUID] = mapped_column(index=True)
    provider: Mapped[str]
    tokens_sealed: Mapped[bytes]
    since: Mapped[datetime]

    @property
    def tokens(self) -> Json:
        opened: Json = vault.system_seal().open(self.tokens_sealed, TOKENS)
        return opened


async def leave_behind(db: Db, held: HeldTokens) -> bool:
    """Take the tokens from their account, to give them back later. False where the account has others meanwhile."""
    if not await link_lives.forget_tokens(db, held):
        return False
    sealed = vault.system_seal().close(held.tokens, TOKENS)
    now = await clock.now(db)
    left = OrphanedTokens(account_id=held.account_id, provider=held.provider, tokens_sealed=sealed, since=now)
    db.add(left)
    await outbox.announce(db, DUE, subject_id=left.id, due_at=now + EVERY)
    return True


async def try_later(db: Db, left: OrphanedTokens) -> None:
    """Let tokens whose provider is away still be tried again for a week; then they run out by themselves."""
    now = await clock.now(db)
    if now - left.since < LASTS:
        await outbox.announce(db, DUE, subject_id=left.id, due_at=now + EVERY)
    else:
        await forget(db, left.id)


async def forget(db: Db, id: UUID) -> None:
    await db.execute(delete(OrphanedTokens).where(OrphanedTokens.id == id))


async def keep_account(db: Db, account_id: UUID) -> None:
    """The account is linked again, and what gives its earlier permission back could end the new one."""
    await db.execute(delete(OrphanedTokens).where(OrphanedTokens.account_id == account_id))
