"""The gateway of the embedded default: it keeps each message where a developer can read it."""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock, pruning, vault
from infra.database import Db, transaction
from infra.entity import Entity
from infra.privacy import Erasure, Export, Privacy
from infra.pruning import Stale
from integrations.sms.messages import TextMessage

KEPT_FOR = timedelta(days=1)
LISTED_MAX = 50


class KeptMessage(Entity):
    """The number stands here as a blind index only: who asks for its messages knows it."""

    __tablename__ = "kept_messages"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    to_index: Mapped[bytes]
    body: Mapped[str]
    code: Mapped[str | None]
    sent_at: Mapped[datetime]

    __table_args__ = (Index(None, "to_index", "sent_at"), Index(None, "sent_at"))


pruning.forget("prune_kept_messages", Stale(KeptMessage.sent_at, pruning.ago(KEPT_FOR)))


class KeepingGateway:
    drops_repeats: ClassVar[bool] = True

    async def send(self, message: TextMessage) -> None:
        async with transaction() as db:
            now = await clock.now(db)
            row = insert(KeptMessage).values(
                id=message.id, to_index=_index(message.to), body=message.body, code=message.code, sent_at=now
            )
            await db.execute(row.on_conflict_do_nothing())


async def messages_to(db: Db, to: str) -> list[KeptMessage]:
    """What was sent to this number, newest first."""
    theirs = select(KeptMessage).where(KeptMessage.to_index == _index(to))
    newest = theirs.order_by(KeptMessage.sent_at.desc(), KeptMessage.id.desc()).limit(LISTED_MAX)
    return list((await db.execute(newest)).scalars())


async def newest(db: Db, count: int) -> list[KeptMessage]:
    """The last messages, to whomever."""
    ordered = select(KeptMessage).order_by(KeptMessage.sent_at.desc(), KeptMessage.id.desc())
    return list((await db.execute(ordered.limit(count))).scalars())


def _index(to: str) -> bytes:
    return vault.blind_index("kept-messages", to)
