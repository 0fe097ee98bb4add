"""Slow hashes: few at a time, and others go on meanwhile."""

import asyncio
import threading
from contextlib import ExitStack

import pytest

from infra import hashing
from infra.hashing import HashingFull, place_for
from tests.patience import SECONDS_MAX

HERE = "203.0.113.9"


async def test_what_is_worked_out_is_answered() -> None:
    with place_for(HERE) as run:
        assert await run(pow, 2, 10) == 1024


async def test_so_many_of_one_network_and_so_many_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing.strangers, "most", 5)
    monkeypatch.setattr(hashing.strangers, "most_of_name", 2)
    go_on, inside = threading.Event(), 0

    async def hash_from(address: str) -> bool:
        nonlocal inside
        try:
            with place_for(address) as run:
                inside += 1
                await run(go_on.wait, SECONDS_MAX)
        except HashingFull:
            return False
        return True

    site = [f"2001:db8:1:{net:x}::1" for net in range(5)]
    asked = [asyncio.create_task(hash_from(each)) for each in [HERE] * 5 + site + ["192.0.2.1", "192.0.2.2"]]
    while inside < 5:
        await asyncio.sleep(0)
    go_on.set()
    answers = await asyncio.gather(*asked)
    assert answers == [True, True, False, False, False, *[True, True, False, False, False], True, False]
    with place_for(HERE) as run:
        assert await run(int) == 0


async def test_a_place_is_given_back_however_it_ends() -> None:
    def fail() -> None:
        raise RuntimeError

    for _ in range(hashing.strangers.most + 1):
        with place_for(HERE) as run, pytest.raises(RuntimeError):
            await run(fail)
    assert hashing.strangers.inside.total() == 0


async def test_other_threads_are_free_while_hashes_wait() -> None:
    """Matches and pages use the default threads, which no hash may take."""
    go_on = threading.Event()
    with place_for(HERE) as run:
        waiting = [asyncio.ensure_future(run(go_on.wait, SECONDS_MAX)) for _ in range(10)]
        assert await asyncio.to_thread(pow, 2, 10) == 1024
        assert not any(each.done() for each in waiting)
        go_on.set()
        await asyncio.gather(*waiting)


async def test_whoever_was_here_before_waits_for_no_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing.strangers, "most", 3)
    go_on = threading.Event()
    with ExitStack() as places:
        waiting = [
            asyncio.ensure_future(places.enter_context(place_for(HERE))(go_on.wait, SECONDS_MAX)) for _ in range(3)
        ]
        with pytest.raises(HashingFull), place_for("192.0.2.1"):
            pass
        with place_for(HERE, "client") as run:
            assert await run(pow, 2, 10) == 1024
        assert not any(each.done() for each in waiting)
        go_on.set()
        await asyncio.gather(*waiting)
    assert (+hashing.strangers.inside, +hashing.known.inside) == ({}, {})


async def test_one_that_was_here_before_has_so_many_places() -> None:
    with ExitStack() as places:
        for _ in range(hashing.known.most_of_name):
            places.enter_context(place_for(HERE, "client"))
        with pytest.raises(HashingFull), place_for("192.0.2.1", "client"):
            pass
        with place_for(HERE, "another") as run:
            assert await run(int) == 0
