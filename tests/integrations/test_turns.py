"""Whoever waits for their turn waits for seconds, however long it takes to look."""

import asyncio
import time

import pytest

from infra.errors import Refusal, RefusalCode
from integrations import turns


class Busy(Exception):
    pass


@pytest.mark.parametrize("busy_times", [0, 2])
async def test_the_second_finds_what_the_first_did(busy_times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LOOK_AGAIN_SECONDS", 0)
    looks = [Busy] * busy_times

    async def begin() -> str:
        if looks:
            raise looks.pop()
        return "begun"

    assert await turns.take_turn(begin, Busy, until=time.monotonic() + 60) == "begun" and not looks


async def test_looking_is_part_of_waiting() -> None:
    looked = 0

    async def begin() -> None:
        nonlocal looked
        looked += 1
        await asyncio.sleep(0.06)
        raise Busy

    with pytest.raises(Refusal) as refused:
        await turns.take_turn(begin, Busy, until=time.monotonic() + 0.05)
    assert (refused.value.code, looked) == (RefusalCode.IN_PROGRESS, 1)
