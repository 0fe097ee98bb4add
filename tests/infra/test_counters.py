"""Counting in Postgres: exact in parallel, and nobody's address or number can be read from it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from infra import clock, counters, pruning
from infra.counters import Counter, Use, by_network
from infra.database import reading, transaction
from infra.ids import new_id
from infra.setting_parts import Rate
from tests.clocks import Clock

HOURLY = Rate(times=3, seconds=3600)


def fresh(rate: Rate = HOURLY) -> Use:
    return Use(rate, "test", str(new_id()))


async def take(*uses: Use) -> bool:
    async with transaction() as db:
        return await counters.take(db, uses) is None


async def uses_of(use: Use) -> int | None:
    async with reading() as db:
        return (await db.execute(select(Counter.uses).where(Counter.key == use.key))).scalar_one_or_none()


async def test_so_many_and_no_more_until_the_window_is_over(clock: Clock) -> None:
    use = fresh()
    began = await clock.now()
    assert [await take(use) for _ in range(3)] == [True, True, True]
    async with transaction() as db:
        retry_at = await counters.take(db, [use])
    assert retry_at is not None
    assert timedelta(0) <= retry_at - (began + timedelta(hours=1)) < timedelta(minutes=1)
    assert await uses_of(use) == 3
    await clock.forward(minutes=59)
    assert not await take(use)
    await clock.forward(minutes=1)
    assert await take(use)
    assert await uses_of(use) == 1


async def test_fifty_at_once_are_three() -> None:
    use = fresh()
    assert sum(await asyncio.gather(*(take(use) for _ in range(50)))) == 3
    assert await uses_of(use) == 3


async def test_where_one_rate_refuses_none_is_counted() -> None:
    wide, narrow = fresh(Rate(times=100, seconds=3600)), fresh(Rate.model_construct(times=0, seconds=3600))

    class Refused(Exception):
        pass

    async def refuse() -> None:
        async with transaction() as db:
            if await counters.take(db, [wide, narrow]):
                raise Refused

    with pytest.raises(Refused):
        await refuse()
    assert (await uses_of(wide), await uses_of(narrow)) == (None, None)


async def test_what_was_no_use_is_given_back() -> None:
    first, second = fresh(), fresh()
    assert await take(first, second) and await take(first)
    async with transaction() as db:
        await counters.give_back(db, [first, second])
        await counters.give_back(db, [second])
    assert (await uses_of(first), await uses_of(second)) == (1, 0)
    async with transaction() as db:
        await counters.forget(db, [first])
    assert await uses_of(first) is None


async def test_takers_and_givers_of_the_same_never_wait_in_a_circle() -> None:
    uses = [fresh(Rate(times=10_000, seconds=3600)) for _ in range(4)]

    async def take_and_give() -> None:
        async with transaction() as db:
            await counters.take(db, uses)
        async with transaction() as db:
            await counters.give_back(db, uses)
            await pruning.one_batch(db, "prune_ground")

    await asyncio.gather(*(take_and_give() for _ in range(20)))
    assert {await uses_of(use) for use in uses} == {0}


def test_the_names_are_keyed_hashes() -> None:
    use = Use(HOURLY, "code-ip", "203.0.113.9")
    assert len(use.key) == 16
    assert use.key != Use(HOURLY, "staff-ip", "203.0.113.9").key
    assert use.key != Use(HOURLY, "code-ip", "203.0.113.10").key
    assert b"203" not in use.key


async def test_a_network_has_its_rate_and_the_wider_one_four_times_as_much() -> None:
    site = f"2001:db8:{new_id().int % 2**16:x}"
    rate = Rate(times=3, seconds=3600)
    taken = [await take(*by_network(rate, "test", f"{site}:1::{host:x}")) for host in range(4)]
    assert taken == [True, True, True, False]
    others = [await take(*by_network(rate, "test", f"{site}:{net:x}::1")) for net in range(2, 13)]
    assert others == [True] * 9 + [False] * 2
    assert await take(*by_network(rate, "test", "2001:dba::1"))


async def test_an_ipv4_address_is_counted_alone() -> None:
    (use,) = by_network(HOURLY, "test", "::ffff:203.0.113.9")
    assert (use.who, use.rate) == ("203.0.113.9", HOURLY)


async def test_what_is_over_is_pruned(clock: Clock) -> None:
    old, young = fresh(Rate(times=1, seconds=60)), fresh()
    assert await take(old, young)
    await clock.forward(minutes=2)
    async with transaction() as db:
        await pruning.one_batch(db, "prune_ground")
    assert (await uses_of(old), await uses_of(young)) == (None, 1)


async def test_now_is_the_transactions() -> None:
    async with transaction() as db:
        use = fresh()
        await counters.take(db, [use])
        ends = (await db.execute(select(Counter.ends_at).where(Counter.key == use.key))).scalar_one()
        assert ends == await clock.now(db) + timedelta(hours=1)


def test_the_greatest_rate_that_may_be_set_may_be_widened() -> None:
    rate = Rate(times=1_000_000_000, seconds=60)
    assert [(use.who, use.rate.times) for use in by_network(rate, "x", "2001:db8::1")] == [
        ("2001:db8::/64", 1_000_000_000),
        ("2001:db8::/48", 4_000_000_000),
    ]


async def test_what_was_so_is_remembered_for_its_time_from_the_last(clock: Clock) -> None:
    who, lasts = str(new_id()), timedelta(days=90)

    async def is_remembered(what: str = "test", who: str = who) -> bool:
        async with reading() as db:
            return await counters.remembers(db, what, who)

    assert not await is_remembered()
    for _ in range(2):
        async with transaction() as db:
            await counters.remember(db, "test", who, lasts)
        await clock.forward(days=89)
        assert await is_remembered()
    assert not await is_remembered(who=f"{who}x") and not await is_remembered("another")
    await clock.forward(days=1)
    assert not await is_remembered()
