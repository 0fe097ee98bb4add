"""Having a bill read: the file goes through, part by part, to a process that can do nothing but read it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from integrations.bills.refused import BillRefused, Fault

FILE_BYTES_MAX = 20_000_000
PASSWORD_BYTES_MAX = 128
ANSWER_BYTES_MAX = 200_000
PART_BYTES = 65_536
ANSWERS_WITHIN_SECONDS = 40
OPEN_AT_ONCE = 12  # in one process of ours; each holds up to its file
READ_AT_ONCE = 2  # each of these may take hundreds of megabytes
SENT_WITHIN_SECONDS = 300
PROGRAM = ("-I", "-m", "integrations.bills")

Told = Mapping[str, Any]  # of a bill: provider, holder, account, begins, ends, months


class BillReader:
    """One process, for one bill."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._sent = 0

    async def take(self, part: bytes) -> None:
        """A part of the file. Raises BillRefused TOO_LARGE where all of them are."""
        self._sent += len(part)
        if self._sent > FILE_BYTES_MAX:
            raise BillRefused(Fault.TOO_LARGE)
        for start in range(0, len(part), PART_BYTES):
            await self._send(b"F", part[start : start + PART_BYTES])

    async def answer(self, password: str) -> Told:
        """What stands in the bill. Raises BillRefused."""
        async with _turns, asyncio.timeout(ANSWERS_WITHIN_SECONDS):
            return _read_answer(await self._ask(password))

    async def _ask(self, password: str) -> bytes:
        assert self._process.stdin is not None and self._process.stdout is not None
        await self._send(b"P", password.encode()[:PASSWORD_BYTES_MAX])
        with contextlib.suppress(ConnectionError):
            self._process.stdin.close()
            await self._process.stdin.wait_closed()
        answer = await self._process.stdout.read(ANSWER_BYTES_MAX)
        while more := await self._process.stdout.read(ANSWER_BYTES_MAX):
            answer += more
            if len(answer) > ANSWER_BYTES_MAX:
                break
        return answer

    async def _send(self, kind: bytes, part: bytes) -> None:
        assert self._process.stdin is not None
        # One that has ended by now says why, or was ended for what it took.
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(kind + len(part).to_bytes(4) + part)
            await self._process.stdin.drain()


_places, _turns = asyncio.Semaphore(OPEN_AT_ONCE), asyncio.Semaphore(READ_AT_ONCE)


@asynccontextmanager
async def bill_reader(now: datetime) -> AsyncIterator[BillReader]:
    """A reader that is ended when the block ends, and after a time whatever it does. `now` is a moment of the house's day.

    Raises BillRefused BUSY where too many are open already.
    """
    if _places.locked():
        raise BillRefused(Fault.BUSY)
    async with _places:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *PROGRAM, now.replace(tzinfo=None).isoformat()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={"LC_ALL": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(SENT_WITHIN_SECONDS):
                yield BillReader(process)
        except TimeoutError:
            raise BillRefused(Fault.TOO_LARGE) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _read_answer(answer: bytes) -> Told:
    try:
        said = json.loads(answer)
        refused = said.get("refused")
        if refused is None:
            bill: Told = said["bill"]
            return bill
        fault, line, what = Fault(refused["fault"]), refused["line"], refused["what"]
    except (ValueError, KeyError, AttributeError):
        # It was ended by the kernel for the time or memory that it took.
        raise BillRefused(Fault.TOO_LARGE) from None
    raise BillRefused(fault, line, what)
