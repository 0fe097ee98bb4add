"""Reactions of these tests alone, and an outbox in which nothing of other tests is due."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text, update

from infra import outbox, reactions
from infra.database import Db, transaction
from infra.outbox import Event, EventReaction
from infra.reactions import reaction
from tests.infra.delivery.happening import CALLED, COUNTED, HAPPENED, Counter


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Two reactions to `test.happened`: one in a transaction, one that calls out."""
    counter = Counter()
    names = dict(reactions._by_name)

    @reaction(HAPPENED, stored_as="count_inside")
    async def count_inside(db: Db, event: Event) -> None:
        await outbox.announce(db, COUNTED, user_id=event.user_id)
        await counter.count(event)

    @reaction(CALLED, stored_as="count_outside", calls_out=True)
    async def count_outside(event: Event) -> None:
        await counter.count(event)

    yield counter
    reactions._by_name.clear()
    reactions._by_name.update(names)
    for event in (HAPPENED, CALLED):
        del reactions._by_event[event]


@pytest.fixture(autouse=True)
async def nothing_else_is_due() -> None:
    """What other tests left in the outbox is not this file's: it is put off, so that a batch is ours alone."""
    async with transaction() as db:
        await db.execute(
            update(EventReaction).where(EventReaction.handled_at.is_(None)).values(handled_at=text("longan_now()"))
        )
