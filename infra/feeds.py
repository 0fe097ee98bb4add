"""Feeds of changes: each committed change gets its position after all that were given out, so who pages misses nothing.

Whoever asks by time misses nothing either: what a read could not see, as it was not committed, is dated anew when it gets its
place, and in the order of places times only grow.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Index, Select, bindparam, literal, null, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, MappedAsDataclass, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from infra import clock
from infra.database import Db, transaction
from infra.entity import Entity
from infra.questions import Question, WritingQuestion, ask_alone

BATCH = 500


class InFeed(MappedAsDataclass, kw_only=True):
    """A row whose changes somebody follows. It leaves its position with every change, and gets the next one when it is read.

    `updated_at`: when it changed last or, where a read by time or the place of a newer change came before this one was committed,
    when it could be read.
    """

    updated_at: Mapped[datetime]
    feed_position: Mapped[int | None] = mapped_column(BigInteger, init=False, default=None, onupdate=null())


class FeedHead(Entity):
    """The last position that one reader's feed gave out. Its lock puts those who give positions in line.

    `read_at`: when it was last read by time; None where it never was. `newest_at`: the latest time of what got its place.
    """

    __tablename__ = "feed_heads"

    feed: Mapped[str] = mapped_column(primary_key=True)
    reader_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime | None] = mapped_column(default=None)
    newest_at: Mapped[datetime | None] = mapped_column(default=None)


# Never below what was given out, and by the machine's time: a server restored from yesterday's copy gives out no position
# again that a reader has passed.
NEXT = text("SELECT greatest(CAST(:last AS bigint) + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)")


def placed_index() -> Index:
    """An index of a partner's rows in their order; what changed since a time is found in it without a look at the others' rows."""
    return Index(None, "partner_id", "feed_position", "id", "updated_at")


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
            placed = await _date_anew(db, head, rows)
            for place, each in enumerate(placed):
                each.feed_position = first + place
            if placed:
                head.position = first + len(placed) - 1
                head.newest_at = max(placed[-1].updated_at, head.newest_at or placed[-1].updated_at)
        if len(rows) < BATCH:
            return


async def _date_anew(db: Db, head: FeedHead, rows: Sequence[InFeed]) -> list[InFeed]:
    """The rows as they get their places, by time. Whoever read by time since these changed, or got what is newer, could not see
    them, and asks for what is later than that.
    """
    asked = [each for each in (head.read_at, head.newest_at) if each is not None]
    late = [each for each in rows if asked and each.updated_at < max(asked)]
    now = await clock.catch_up(db) if late else None
    for each in late:
        each.updated_at = now or each.updated_at
    return sorted(rows, key=lambda each: each.updated_at)


async def note_read(
    row: type[InFeed], reader: InstrumentedAttribute[UUID], reader_id: UUID, *, whatever_waits: bool
) -> datetime | None:
    """Remember that this reader reads by time, and answer when; None, and nothing is remembered, where changes wait for their
    place and `whatever_waits` is not said.

    Whoever then reads what changed up to that time reads what has its place by now. All the rest is dated later.
    """
    async with transaction() as db:
        noted = await ask_alone(db, _noting(row, reader), who=reader_id, anyway=whatever_waits)
    return noted[0][0] if noted else None


@cache
def _noting(row: type[InFeed], reader: InstrumentedAttribute[UUID]) -> WritingQuestion[datetime | None]:
    def build() -> ReturningInsert[datetime | None]:
        who = bindparam("who", type_=reader.type)
        waits = select(row).where(reader == who, row.feed_position.is_(None)).exists()
        feed = literal(reader.class_.__tablename__)
        new = select(feed, who, literal(0), clock.EXACTLY_NOW).where(or_(bindparam("anyway", type_=Boolean()), ~waits))
        written = insert(FeedHead).from_select(["feed", "reader_id", "position", "read_at"], new)
        # The time of the moment at which the row was ours, since who gives out places holds it.
        read_at = {"read_at": clock.EXACTLY_NOW}
        return written.on_conflict_do_update(index_elements=["feed", "reader_id"], set_=read_at).returning(
            FeedHead.read_at
        )

    return WritingQuestion(build)


async def _lock_head(db: Db, feed: str, reader_id: UUID) -> FeedHead:
    await db.execute(insert(FeedHead).values(feed=feed, reader_id=reader_id, position=0).on_conflict_do_nothing())
    mine = select(FeedHead).where(FeedHead.feed == feed, FeedHead.reader_id == reader_id)
    return (await db.execute(mine.with_for_update())).scalar_one()
