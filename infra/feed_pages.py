"""Pages of a feed: what one reader follows, in the order in which it changed. Who goes on after the last misses none."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from infra import feeds
from infra.feeds import InFeed
from infra.paging import Page, PageQuestion
from infra.questions import ask_together

RowT = TypeVar("RowT", bound=InFeed)


class FeedPages(Generic[RowT]):
    """The pages of a table that has `id` and a place in its `reader`'s feed; of what has one `status`, where one is given."""

    def __init__(self, row: type[RowT], reader: InstrumentedAttribute[UUID]) -> None:
        self._row: Any = row
        self._reader = reader
        self._unsettled = feeds.unsettled(row, reader)
        self._asked = cache(self._question)

    @property
    def order(self) -> tuple[InstrumentedAttribute[Any], ...]:
        return self._row.feed_position, self._row.id

    async def page(
        self, reader_id: UUID, since: datetime | None, first: int | None, after: str | None, status: Any = None
    ) -> Page[RowT]:
        """The changes after a cursor, the oldest first."""
        is_by_time = after is None or since is not None
        asked = self._asked(is_by_time, since is not None, status is not None)
        given = asked.given(first, after) | {"reader_id": reader_id, "since": since, "status": status}
        read = self._by_time if is_by_time else self._by_cursor
        return asked.page(await read(reader_id, asked.question(after), given), first, after)

    async def _by_cursor(self, reader_id: UUID, question: Any, given: Any) -> Sequence[Any]:
        unsettled, rows = await ask_together([(self._unsettled, {"reader_id": reader_id}), (question, given)])
        if not unsettled:
            return rows
        await self.settle(reader_id)
        asked: Sequence[Any] = await question.ask(**given)
        return asked

    async def _by_time(self, reader_id: UUID, question: Any, given: Any) -> Sequence[Any]:
        """The answer's times may be where the reader goes on, so it is remembered when it was read."""
        until = await feeds.note_read(self._row, self._reader, reader_id, whatever_waits=False)
        if until is None:
            await self.settle(reader_id)
            until = await feeds.note_read(self._row, self._reader, reader_id, whatever_waits=True)
        rows: Sequence[Any] = await question.ask(**given, until=until)
        return rows

    async def settle(self, reader_id: UUID) -> None:
        """Give what was changed since its place in the reader's feed."""
        await feeds.settle(self._row, self._reader, reader_id, order=(self._row.updated_at, self._row.id))

    def nothing(self, since: datetime | None, first: int | None, after: str | None) -> Page[RowT]:
        """The page of whoever may see none."""
        return self._asked(False, since is not None, False).page([], first, after)

    def changes(self, reader_id: Any, status: Any = None) -> Select[RowT]:
        """All that have their place, so nothing that could be overtaken."""
        placed: Select[RowT] = select(self._row).where(self._reader == reader_id, self._row.feed_position.is_not(None))
        return placed if status is None else placed.where(self._row.status == status)

    def _question(self, is_by_time: bool, has_since: bool, has_status: bool) -> PageQuestion[RowT]:
        changed_at = self._row.updated_at

        def build() -> Select[RowT]:
            status = bindparam("status", type_=self._row.status.type) if has_status else None
            placed = self.changes(bindparam("reader_id", type_=self._reader.type), status)
            if is_by_time:
                placed = placed.where(changed_at <= bindparam("until", type_=changed_at.type))
            return placed.where(changed_at >= bindparam("since", type_=changed_at.type)) if has_since else placed

        return PageQuestion(build, self.order)
