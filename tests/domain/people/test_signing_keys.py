"""The keys of partners' tokens rotate, and no token that is good is ever refused for it."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest
from sqlalchemy import delete

from domain.people import partner_tokens, signing_keys
from domain.people.signing_keys import NotRotated, SigningKey
from infra import clock as house_clock
from infra.database import Db, transaction
from infra.outbox import Event

LIVED = int(os.environ.get("LONGAN_ROTATIONS", "150"))
START = datetime.fromisoformat("2031-01-01T00:00:00+00:00")


class Issued(NamedTuple):
    key_id: str
    good_until: datetime


@pytest.fixture
async def keys_alone(db: Db) -> Db:
    """A house whose first key begins with the year, in a transaction that nobody else sees."""
    await db.execute(delete(SigningKey))
    house_clock.freeze(db, START)
    await signing_keys.begin(db)
    return db


async def ids_of(db: Db) -> list[str]:
    return [key.id for key in await signing_keys.all_of(db)]


def tending() -> Event:
    return Event(name=signing_keys.TENDING_DUE, user_id=None, subject_id=None, data={}, occurred_at=START)


@pytest.fixture
async def keys_put_back(house: None) -> AsyncIterator[None]:
    """Others of this process go on with one key that signs."""
    yield
    async with transaction() as db:
        await db.execute(delete(SigningKey))
        await signing_keys.begin(db)


class TestALife:
    @pytest.mark.parametrize("seed", range(2))
    async def test_whoever_keeps_the_published_keys_for_an_hour_verifies_each_token(
        self, keys_alone: Db, seed: int
    ) -> None:
        """Years, in which keys are tended, rotated and retired at random; known to others, none is."""
        db, random, now = keys_alone, Random(seed), START
        issued, used = list[Issued](), set[str]()
        seen: dict[str, datetime] = {}  # when a key was published first
        for _ in range(LIVED):
            now += random.choice([timedelta(minutes=20), timedelta(hours=5), timedelta(days=6)])
            house_clock.freeze(db, now)
            await self._act(db, random)
            live = {key.id for key in await signing_keys.all_of(db) if not key.is_dead(now)}
            for kid in live:
                seen.setdefault(kid, now)
            signs = (await signing_keys.signing(db)).id
            assert signs == next(iter(seen)) or seen[signs] + signing_keys.KEPT_BY_OTHERS < now
            issued.append(Issued(signs, now + partner_tokens.LASTS))
            assert {each.key_id for each in issued if each.good_until > now} <= live
            used.add(signs)
        assert len(used) >= LIVED // 30

    async def _act(self, db: Db, random: Random) -> None:
        try:
            match random.randrange(6):
                case 0:
                    await signing_keys.rotate(db)
                case 1:
                    await signing_keys.retire(db, random.choice(await ids_of(db)))
                case _:
                    await signing_keys.tend(db, tending())
        except NotRotated:
            pass

    async def test_a_key_that_grows_old_gets_its_successor_in_time(self, keys_alone: Db) -> None:
        db, due = keys_alone, START + signing_keys.SIGNS_FOR - signing_keys.PUBLISHED_BEFORE
        for at, keys in ((due - timedelta(seconds=1), 1), (due, 2), (due + timedelta(hours=3), 2)):
            house_clock.freeze(db, at)
            await signing_keys.tend(db, tending())
            assert len(await ids_of(db)) == keys
        first, second = await signing_keys.all_of(db)
        assert second.signs_from == START + signing_keys.SIGNS_FOR
        assert first.verifies_until == second.signs_from + timedelta(hours=1)


class TestTooEarly:
    async def test_a_key_that_signs_or_that_a_good_token_needs_is_not_retired(self, keys_alone: Db) -> None:
        db = keys_alone
        (first,) = await ids_of(db)
        with pytest.raises(NotRotated, match="publish its successor first"):
            await signing_keys.retire(db, first)
        second = await signing_keys.rotate(db)
        for at in (START, second.signs_from, second.signs_from + timedelta(minutes=59)):
            house_clock.freeze(db, at)
            with pytest.raises(NotRotated, match="may be good until 2031-01-02 01:00 UTC"):
                await signing_keys.retire(db, first)
        with pytest.raises(NotRotated, match="publish its successor first"):
            await signing_keys.retire(db, second.id)
        house_clock.freeze(db, second.signs_from + timedelta(hours=1))
        await signing_keys.retire(db, first)
        assert await ids_of(db) == [second.id]
        with pytest.raises(NotRotated, match="there is no key"):
            await signing_keys.retire(db, first)

    async def test_of_two_machines_that_rotate_at_once_one_does(self, house: None, keys_put_back: None) -> None:
        async def rotate() -> str:
            async with transaction() as db:
                return (await signing_keys.rotate(db)).id

        done = await asyncio.gather(*(rotate() for _ in range(10)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in done) == ["NotRotated"] * 9 + ["str"]


class TestKnownToOthers:
    async def test_the_one_that_signs_is_followed_at_once(self, keys_alone: Db) -> None:
        db = keys_alone
        (first,) = await ids_of(db)
        await signing_keys.repudiate(db, first)
        assert (await signing_keys.signing(db)).id != first and first not in await ids_of(db)

    async def test_its_successor_begins_early(self, keys_alone: Db) -> None:
        db = keys_alone
        (first,), second = await ids_of(db), (await signing_keys.rotate(keys_alone)).id
        await signing_keys.repudiate(db, first)
        assert ((await signing_keys.signing(db)).id, await ids_of(db)) == (second, [second])

    async def test_the_next_one_never_signs(self, keys_alone: Db) -> None:
        db = keys_alone
        (first,), second = await ids_of(db), await signing_keys.rotate(db)
        await signing_keys.repudiate(db, second.id)
        house_clock.freeze(db, second.signs_from + timedelta(days=2))
        assert ((await signing_keys.signing(db)).id, await ids_of(db)) == (first, [first])
