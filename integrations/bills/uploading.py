"""Taking a bill, as a story: a place for it, the reader, what it tells kept. No transaction waits for a file or a reader."""

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import structlog

from domain.actors import UserActor
from domain.statements import statements
from domain.statements.statements import OtherPerson, Statement
from infra import clock
from infra.database import Db, reading, transact
from integrations.bills.reading import PASSWORD_BYTES_MAX, Told, bill_reader
from integrations.bills.refused import BillRefused, Fault

log = structlog.get_logger()


class FilePart(NamedTuple):
    data: bytes


class Password(NamedTuple):
    text: str


async def take(actor: UserActor, parts: AsyncIterator[FilePart | Password]) -> Statement:
    """The statement. Refuses RATE_LIMITED; raises BillRefused. What could not be read leaves nothing."""
    place = await transact(lambda db: statements.begin(db, actor))
    try:
        told = await _read(parts)
        return await transact(lambda db: statements.record(db, place, told))
    except OtherPerson:
        await transact(lambda db: statements.give_up(db, place))
        raise BillRefused(Fault.OTHER_PERSON) from None
    except BillRefused as refused:
        log.info("bill.refused", reason=refused.fault.value)
        await transact(lambda db: statements.give_up(db, place))
        raise
    except BaseException:
        # Our own fault, or a phone that went away in the middle.
        await asyncio.shield(transact(lambda db: _give_up(db, place)))
        raise


async def _give_up(db: Db, place: Statement) -> None:
    await statements.give_up(db, place)


async def _read(parts: AsyncIterator[FilePart | Password]) -> Told:
    async with reading() as db:
        now = (await clock.now(db)).astimezone(clock.zone())
    password = ""
    async with bill_reader(now) as reader:
        async for part in parts:
            if isinstance(part, Password):
                password += part.text
                if len(password) > PASSWORD_BYTES_MAX:
                    raise BillRefused(Fault.PASSWORD_WRONG)
            else:
                await reader.take(part.data)
        return await reader.answer(password)
