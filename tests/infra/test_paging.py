"""Pages by cursor: everything once, whatever the size, and nobody else's cursors."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from infra import outbox, paging
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.events import declare
from infra.ids import new_id
from infra.outbox import Event
from infra.paging import Page, decode_cursor, encode_cursor, limit_of, page_of
from tests.nothing import NOBODYS

PAGED = declare("test.paged")


@pytest.fixture(scope="module")
async def subject() -> UUID:
    """Seven events at one moment, so that the second part of the key decides."""
    subject_id = new_id()
    async with transaction() as db:
        for _ in range(7):
            await outbox.announce(db, PAGED, subject_id=subject_id)
    return subject_id


async def page(subject_id: UUID, **asked: Any) -> Page[Event]:
    query = select(Event).where(Event.subject_id == subject_id)
    async with reading() as db:
        return await page_of(db, query, [Event.occurred_at, Event.id], **{"first": None, "after": None} | asked)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("first", [1, 3, 7, 100])
async def test_pages_cover_everything_once_in_order(subject: UUID, first: int, newest_first: bool) -> None:
    found: list[UUID] = []
    after = None
    while True:
        here = await page(subject, first=first, after=after, newest_first=newest_first)
        assert len(here.items) == len(here.cursors) <= first
        assert here.has_previous is (after is not None)
        found += [event.id for event in here.items]
        if not here.has_next:
            break
        after = here.end
    assert found == sorted(found, reverse=newest_first)
    assert len(set(found)) == 7


async def test_an_empty_page_ends_where_it_began(subject: UUID) -> None:
    last = (await page(subject, first=7)).end
    beyond = await page(subject, after=last)
    assert (beyond.items, beyond.has_next, beyond.has_previous, beyond.end) == ([], False, True, last)
    assert (await page(subject, first=0)).has_next is True


async def test_a_row_that_comes_between_moves_nothing(subject: UUID) -> None:
    subject_id = new_id()
    async with transaction() as db:
        made = [(await outbox.announce(db, PAGED, subject_id=subject_id)).id for _ in range(4)]
    first = await page(subject_id, first=2)
    async with transaction() as db:
        made.append((await outbox.announce(db, PAGED, subject_id=subject_id)).id)
    rest = await page(subject_id, first=100, after=first.end)
    assert [event.id for event in (*first.items, *rest.items)] == made


@pytest.mark.parametrize(("first", "limit"), [(None, 20), (0, 0), (1, 1), (100, 100)])
def test_a_limit_is_zero_to_a_hundred(first: int | None, limit: int) -> None:
    assert limit_of(first) == limit


@pytest.mark.parametrize("first", [-1, 101])
def test_another_limit_is_refused(first: int) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$") as refused:
        limit_of(first)
    assert (refused.value.field, refused.value.values) == (("first",), {"most": 100})


def cursor(*key: Any) -> str:
    return encode_cursor(key)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "é",
        "W10",
        "e30",
        cursor("2026-01-01T00:00:00+00:00"),
        cursor("2026-01-01T00:00:00", str(NOBODYS)),
        cursor("yesterday", str(NOBODYS)),
        cursor(1, str(NOBODYS)),
        cursor("2026-01-01T00:00:00+00:00", "not an id"),
        cursor("2026-01-01T00:00:00+00:00", 5),
        cursor("2026-01-01T00:00:00+00:00", str(NOBODYS), 1),
        "W251bGwsbnVsbF0",
    ],
)
async def test_a_cursor_that_is_not_ours_is_refused(subject: UUID, after: str) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$") as refused:
        await page(subject, after=after)
    assert refused.value.field == ("after",)


def test_a_cursor_holds_the_sort_key() -> None:
    moment, id = datetime(2026, 1, 1, tzinfo=UTC), uuid4()
    assert decode_cursor(cursor(moment, id, 1, 0.5, "x"), 5) == [str(moment), str(id), 1, 0.5, "x"]


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_number_that_no_column_holds_is_refused(value: int) -> None:
    class Key:
        class type:
            python_type = int

    with pytest.raises(Refusal):
        paging._typed(str(value), Key)  # type: ignore[arg-type]
