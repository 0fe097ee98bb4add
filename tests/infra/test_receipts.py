"""Receipts: the same command has one effect and one answer, and the receipt lies with the effect."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from infra import receipts
from infra.database import Db, reading, transact, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.receipts import Receipt


async def claim(db: Db, actor: str, key: str, **input: object) -> Receipt:
    return await receipts.claim(db, actor=actor, operation="test", key=key, input=input)


async def work(actor: str, key: str, **input: object) -> UUID:
    """A command: makes something new the first time, answers what it made ever after."""
    async with transaction() as db:
        receipt = await claim(db, actor, key, **input)
        if receipt.result_id is None:
            receipt.result_id = new_id()
        return receipt.result_id


@pytest.fixture
def actor() -> str:
    return f"user:{new_id()}"


async def kept(actor: str) -> int:
    async with reading() as db:
        return (await db.execute(select(func.count()).where(Receipt.actor == actor))).scalar_one()


async def test_the_same_command_has_one_answer(actor: str) -> None:
    first = await work(actor, "a key of mine", amount=1)
    assert await work(actor, "a key of mine", amount=1) == first
    assert await kept(actor) == 1


async def test_fifty_at_once_have_one_answer(actor: str) -> None:
    answers = await asyncio.gather(*(work(actor, "a key of mine", amount=1) for _ in range(50)))
    assert len(set(answers)) == 1


async def test_another_input_is_a_mismatch(actor: str) -> None:
    await work(actor, "a key of mine", amount=1)
    with pytest.raises(Refusal, match=r"^IDEMPOTENCY_MISMATCH$") as refused:
        await work(actor, "a key of mine", amount=2)
    assert refused.value.field == ("input", "idempotencyKey")


async def test_scope_is_actor_operation_and_key(actor: str) -> None:
    first = await work(actor, "a key of mine", amount=1)
    assert await work(f"{actor}x", "a key of mine", amount=1) != first
    assert await work(actor, "another key", amount=1) != first
    async with transaction() as db:
        other = await receipts.claim(db, actor=actor, operation="other", key="a key of mine", input={})
        assert other.result_id is None
        other.result_id = new_id()


async def test_a_refusal_leaves_no_receipt(actor: str) -> None:
    async def break_off(db: Db) -> None:
        await claim(db, actor, "a key of mine", amount=1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await transact(break_off)
    assert await kept(actor) == 0
    await work(actor, "a key of mine", amount=2)


async def test_who_comes_while_it_is_worked_on_waits_for_the_answer(actor: str) -> None:
    async with transaction() as db:
        receipt = await claim(db, actor, "a key of mine", amount=1)
        waiting = asyncio.create_task(work(actor, "a key of mine", amount=1))
        while not await somebody_waits():
            await asyncio.sleep(0.01)
        receipt.result_id = first = new_id()
    assert await waiting == first


async def somebody_waits() -> bool:
    async with reading() as db:
        waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%receipts%'")
        return bool((await db.execute(waits)).scalar_one())


async def test_who_has_waited_too_long_is_told_that_it_is_in_progress(actor: str) -> None:
    async def claim_impatiently(db: Db) -> None:
        await db.execute(text("SET LOCAL lock_timeout = '50ms'"))
        await claim(db, actor, "a key of mine", amount=1)

    async with transaction() as db:
        receipt = await claim(db, actor, "a key of mine", amount=1)
        with pytest.raises(Refusal, match=r"^IN_PROGRESS$"):
            await transact(claim_impatiently)
        receipt.result_id = new_id()


@pytest.mark.parametrize("key", ["", "1234567", "x" * 129])
async def test_a_key_has_eight_to_128_characters(actor: str, key: str) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$"):
        await work(actor, key)
    assert await kept(actor) == 0


def test_a_fingerprint_is_of_the_meaning_not_of_the_order() -> None:
    one = {"a": 1, "b": [new_id(), "x"]}
    assert receipts.fingerprint(one) == receipts.fingerprint(dict(reversed(one.items())))
    assert receipts.fingerprint({"a": 1}) != receipts.fingerprint({"a": "1"})
