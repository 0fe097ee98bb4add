"""Pages of a feed: what one reader follows, in the order in which it changed. Who goes on after the last misses none."""

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
    """The pages of a table that has `id`, `updated_at` and a place in its `reader`'s feed."""

    def __init__(self, row: type[RowT], reader: InstrumentedAttribute[UUID]) -> None:
        self._row: Any = row
        self._reader = reader
        self._unsettled = feeds.unsettled(row, reader)
        self._asked = cache(self._question)

    async def page(self, reader_id: UUID, since: datetime | None, first: int | None, after: str | None) -> Page[RowT]:
        """The changes after a cursor, the oldest first."""
        asked = self._asked(since is not None)
        given = asked.given(first, after) | {"reader_id": reader_id, "since": since}
        question = asked.question(after)
        unsettled, rows = await ask_together([(self._unsettled, {"reader_id": reader_id}), (question, given)])
        if unsettled:
            await self.settle(reader_id)
            rows = await question.ask(**given)
        return asked.page(rows, first, after)

    async def settle(self, reader_id: UUID) -> None:
        """Give what was changed since its place in the reader's feed."""
        await feeds.settle(self._row, self._reader, reader_id, order=(self._row.updated_at, self._row.id))

    def nothing(self, since: datetime | None, first: int | None, after: str | None) -> Page[RowT]:
        """The page of whoever may see none."""
        return self._asked(since is not None).page([], first, after)

    def _question(self, has_since: bool) -> PageQuestion[RowT]:
        def build() -> Select[RowT]:
            placed = select(self._row).where(
                self._reader == bindparam("reader_id", type_=self._reader.type), self._row.feed_position.is_not(None)
            )
            since = bindparam("since", type_=self._row.updated_at.type)
            return placed.where(self._row.updated_at >= since) if has_since else placed

        return PageQuestion(build, (self._row.feed_position, self._row.id))
