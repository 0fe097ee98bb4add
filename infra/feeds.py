"""Feeds of changes: each committed change gets its position after all that were given out, so who pages misses nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Select, bindparam, literal, null, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, MappedAsDataclass, mapped_column

from infra.database import Db, transaction
from infra.entity import Entity
from infra.questions import Question

BATCH = 500


class InFeed(MappedAsDataclass, kw_only=True):
    """A row whose changes somebody follows. It leaves its position with every change, and gets the next one when it is read."""

    feed_position: Mapped[int | None] = mapped_column(BigInteger, init=False, default=None, onupdate=null())


class FeedHead(Entity):
    """The last position that one reader's feed gave out. Its lock puts those who give positions in line."""

    __tablename__ = "feed_heads"

    feed: Mapped[str] = mapped_column(primary_key=True)
    reader_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


# Never below what was given out, and by the machine's time: a server restored from yesterday's copy gives out no position
# again that a reader has passed.
NEXT = text("SELECT greatest(CAST(:last AS bigint) + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)")


def waiting_index(name: str, *columns: str) -> Index:
    """An index of a reader's rows that wait for their position, in the order in which they get them: however many wait, none is sorted."""
    return Index(name, *columns, postgresql_where=text("feed_position IS NULL"))


def unsettled(row: type[InFeed], reader: InstrumentedAttribute[UUID]) -> Question[int]:
    """Whether any change of this `reader_id`'s rows waits for its position: one row if so."""

    def build() -> Select[int]:
        waiting = row.feed_position.is_(None)
        return select(literal(1)).where(reader == bindparam("reader_id"), waiting).limit(1)

    return Question(build)


async def settle(
    row: type[InFeed],
    reader: InstrumentedAttribute[UUID],
    reader_id: UUID,
    *,
    order: Sequence[InstrumentedAttribute[Any]],
) -> None:
    """Give positions, in this order, to all committed changes of a reader's rows that have none yet; call it before a page is
    read.
    """
    waiting = select(row).where(reader == reader_id, row.feed_position.is_(None))
    pending = waiting.order_by(*order).limit(BATCH)
    while True:
        async with transaction() as db:
            if (await db.execute(waiting.with_only_columns(reader).limit(1))).first() is None:
                return
            head = await _lock_head(db, reader.class_.__tablename__, reader_id)
            # Whatever somebody is changing just now gets its position after that change.
            rows = (await db.execute(pending.with_for_update(skip_locked=True))).scalars().all()
            first: int = (await db.execute(NEXT, {"last": head.position})).scalar_one()
            for place, each in enumerate(rows):
                each.feed_position = first + place
            if rows:
                head.position = first + len(rows) - 1
        if len(rows) < BATCH:
            return


async def _lock_head(db: Db, feed: str, reader_id: UUID) -> FeedHead:
    await db.execute(insert(FeedHead).values(feed=feed, reader_id=reader_id, position=0).on_conflict_do_nothing())
    mine = select(FeedHead).where(FeedHead.feed == feed, FeedHead.reader_id == reader_id)
    return (await db.execute(mine.with_for_update())).scalar_one()
