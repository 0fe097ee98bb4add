"""Where members are many, what counting them came to is kept for a while, told with its time, and counted anew by the worker."""

from datetime import timedelta

import pytest

from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event
from membership import figures, kept_counts, tasks, using
from membership.campaigns import census, sizes
from membership.campaigns.audiences import Audience
from membership.figures import Span
from membership.members import Member
from membership.rules import live
from tests.trying import rolled_back

MINUTE = timedelta(minutes=1)
FIVE = 5


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


async def test_many_are_counted_once_and_again_when_that_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_counts, "MANY", 0)
    async with rolled_back() as db:
        at, span = await clock.now(db), await figures.span_of(db)
        before = await members_of(db, span)
        await five_more(db)
        await clock.advance(db, kept_counts.KEPT - MINUTE)
        assert await members_of(db, span) == before
        assert (await figures.figures_of(db, span)).counted_at == at
        assert (await sizes.tell(db, Audience())).counted_at == at
        uses, counted_at = await using.uses(db)
        await clock.advance(db, MINUTE / 2)
        assert await using.uses(db) == (uses, counted_at) and counted_at > at
        await clock.advance(db, MINUTE / 2)
        assert await members_of(db, span) == tuple(each + FIVE for each in before)


async def test_the_worker_counts_again_before_that_is_old_what_somebody_asked_for_within_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with rolled_back() as db:
        now = await clock.now(db)
        due = Event(name=kept_counts.DUE, user_id=None, subject_id=None, data={}, occurred_at=now)
        await tasks.count_everybody(db, due)
        await using.uses(db)
        assert await kept_counts.asked_for(db) == set()
        monkeypatch.setattr(kept_counts, "MANY", 0)
        span = await figures.span_of(db)
        before = await members_of(db, span)
        await five_more(db)
        await tasks.count_everybody(db, due)
        assert await members_of(db, span) == tuple(each + FIVE for each in before)
        assert await kept_counts.asked_for(db) == {figures.NAME, census.NAME}
        await clock.advance(db, kept_counts.FORGOTTEN - MINUTE)
        await tasks.count_everybody(db, due)
        _, at = await census.take(db)
        assert at == await clock.now(db)
        await clock.advance(db, MINUTE)
        assert await kept_counts.asked_for(db) == {census.NAME}
        await tasks.count_everybody(db, due)
        assert (await figures.figures_of(db, await figures.span_of(db))).counted_at == at
        await clock.advance(db, kept_counts.FORGOTTEN)
        assert await kept_counts.asked_for(db) == set()


async def test_few_are_counted_as_they_are() -> None:
    async with rolled_back() as db:
        span = await figures.span_of(db)
        before = await members_of(db, span)
        await five_more(db)
        assert await members_of(db, span) == tuple(each + FIVE for each in before)
