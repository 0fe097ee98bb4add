"""Revoked token: one that its client gave back before it was over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Index, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import pruning
from infra.database import Db
from infra.entity import Entity
from infra.pruning import Stale


class RevokedToken(Entity):
    """`id`: the token's `jti`. `expires_at`: from when it would be over by itself, and need not be remembered."""

    __tablename__ = "revoked_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]

    __table_args__ = (Index(None, "expires_at"),)


pruning.forget("prune_revoked_tokens", Stale(RevokedToken.expires_at, pruning.ago(timedelta(0))))


async def add(db: Db, id: UUID, expires_at: int) -> None:
    """Revoke it; twice is once. `expires_at` in seconds since 1970."""
    row = insert(RevokedToken).values(id=id, expires_at=datetime.fromtimestamp(expires_at, UTC))
    await db.execute(row.on_conflict_do_nothing())


def has(id: BindParameter[UUID]) -> ColumnElement[bool]:
    return select(RevokedToken.id).where(RevokedToken.id == id).exists()
