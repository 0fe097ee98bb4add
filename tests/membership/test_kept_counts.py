"""Where members are many, the worker counts them before anybody asks; what it came to is told with its time, and nobody waits."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event
from membership import figures, kept_counts, tallying, tasks, using
from membership.campaigns import census, sizes
from membership.campaigns.audiences import Audience
from membership.figures import Span
from membership.kept_counts import KeptCount
from membership.members import Member
from membership.rules import live
from tests.trying import rolled_back

MINUTE = timedelta(minutes=1)
FIVE = 5
KINDS = {census.COUNTING.name, tallying.TALLY.name, using.USES.name}


async def five_more(db: Db) -> None:
    """Members nobody else knows of."""
    now, version = await clock.now(db), (await live(db)).version
    for _ in range(FIVE):
        db.add(Member(user_id=new_id(), tier_code="GOLD", since=now, joined_at=now, rules_version=version))
    await db.flush()


async def members_of(db: Db, span: Span) -> tuple[int, int]:
    """By the overview and by the census."""
    told = await figures.figures_of(db, span)
    counted, _ = await census.take(db)
    return told.members, counted.count(counted.mask_of(Audience()))


async def work(db: Db, woken: timedelta = timedelta(0)) -> dict[str, datetime]:
    """What the worker does every ten minutes, and when it is woken, so long ago. When each kind was counted since."""
    at = await clock.now(db) - woken
    await tasks.count_everybody(db, Event(name=kept_counts.DUE, user_id=None, subject_id=None, data={}, occurred_at=at))
    return dict((await db.execute(select(KeptCount.name, KeptCount.counted_at))).all())


async def grow_old(db: Db, by: timedelta) -> None:
    """Let what is kept be older; the clock stands still, by which people come and go in what other tests left."""
    older = {"counted_at": KeptCount.counted_at - by, "asked_at": KeptCount.asked_at - by}
    await db.execute(update(KeptCount).values(older).execution_options(synchronize_session="fetch"))


async def wishes(db: Db) -> int:
    """How often the worker was asked to count."""
    return (await db.execute(select(func.count()).where(Event.name == kept_counts.DUE))).scalar_one()


async def test_many_are_told_as_they_were_until_the_worker_has_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_counts, "MANY", 0)
    async with rolled_back() as db:
        await db.execute(delete(KeptCount))
        now, span, asked = await clock.now(db), await figures.span_of(db), await wishes(db)
        before = await members_of(db, span)
        await five_more(db)
        await grow_old(db, kept_counts.FRESH)
        assert (await members_of(db, span), await wishes(db)) == (before, asked), "the worker comes by itself"
        await grow_old(db, kept_counts.UNASKED)
        assert (await members_of(db, span), await wishes(db)) == (before, asked + 2), "once for each that was not fresh"
        assert (await members_of(db, span), await wishes(db)) == (before, asked + 2)
        at = now - kept_counts.FRESH - kept_counts.UNASKED
        assert (await figures.figures_of(db, span)).counted_at == at == (await sizes.tell(db, Audience())).counted_at
        await kept_counts._note(db, census.COUNTING.name, now, is_fresh=False)
        assert await wishes(db) == asked + 2, "whoever asked at the same moment was not noted yet"
        assert await work(db) == dict.fromkeys(KINDS, now)
        after = tuple(each + FIVE for each in before)
        assert await members_of(db, span) == after
        await five_more(db)
        await work(db, woken=MINUTE)
        assert await members_of(db, span) == after, "it was counted since whoever else woke it, too"
        await grow_old(db, kept_counts.FORGOTTEN)
        assert await members_of(db, span) == tuple(each + FIVE for each in after), (
            "without a worker whoever asks counts"
        )


async def test_the_worker_counts_what_somebody_asks_for_and_all_else_a_few_times_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_counts, "MANY", 0)
    async with rolled_back() as db:
        await db.execute(delete(KeptCount))
        first = await clock.now(db)
        db.add(KeptCount(name="what nobody counts any more", counted_at=first, content={}))
        assert await work(db) == dict.fromkeys(KINDS, first)
        await clock.advance(db, kept_counts.UNASKED - MINUTE)
        assert await work(db) == dict.fromkeys(KINDS, first)
        await census.take(db)
        now = await clock.now(db)
        assert await work(db) == dict.fromkeys(KINDS, first) | {census.COUNTING.name: now}
        await clock.advance(db, MINUTE)
        assert await work(db) == dict.fromkeys(KINDS, await clock.now(db))
        await clock.advance(db, kept_counts.FORGOTTEN - 2 * MINUTE)
        before = await work(db)
        await clock.advance(db, MINUTE)
        assert await work(db) == before


async def test_few_are_counted_as_they_are_though_the_worker_kept_them() -> None:
    async with rolled_back() as db:
        await work(db)
        span = await figures.span_of(db)
        before = await members_of(db, span)
        await five_more(db)
        assert await members_of(db, span) == tuple(each + FIVE for each in before)
