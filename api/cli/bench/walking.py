"""Days that pass through a book in several processes, each a range of people, as workers do it; and what that took."""

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Event
from uuid import UUID

from sqlalchemy import func, select, text

from api.cli import nearby
from api.cli.bench import book
from api.story import ConsoleStory, Step
from domain.agreements.agreements import Agreement
from domain.days import passing
from domain.days.days import DayRange
from infra import clock
from infra.database import Db, reading, transaction

LOOK_EACH_SECONDS = 1.0
ENDS: list[Event] = []  # in each process: set once no more is to be measured


@dataclass(frozen=True)
class DayPace:
    """`touched` of the `due` agreements by `days` days, in seconds on the clock and of these processes' processors. `breaks`: how
    many schedules the ledger contradicts.
    """

    agreements: int
    days: int
    processes: int
    due: int
    touched: int
    seconds: float
    cpu_seconds: float
    breaks: int

    @property
    def is_whole(self) -> bool:
        return self.touched >= self.due

    @property
    def million_minutes(self) -> float | None:
        """How long a million agreements would take, of which a day comes to as large a part as these days did; None where none was
        touched.
        """
        if not self.touched:
            return None
        a_second = self.touched / self.seconds
        return self.due / self.days / self.agreements * 1_000_000 / a_second / 60


async def days_pass(story: ConsoleStory, count: int, processes: int, seconds_max: float) -> DayPace:
    """Let `count` days pass through the book, each for `seconds_max` at the longest; Ctrl-C ends it with what was measured so far."""
    days = due = touched = 0
    seconds = cpu_seconds = 0.0
    context = multiprocessing.get_context("spawn")
    ends = context.Event()
    with ProcessPoolExecutor(processes, context, _begin, (ends,)) as pool, _ended_by_ctrl_c(ends):
        # Nobody measures how long a process takes to start.
        await asyncio.gather(*(_run(pool, walk, None, number, 0.0) for number in range(processes)))
        for number in range(count):
            if ends.is_set():
                break
            with story.step(f"Day {number + 1}") as step:
                async with transaction() as db:
                    await clock.advance(db, timedelta(days=1))
                    comes_to = await _due(db)
                    day = await passing.begin(db, processes)
                began = time.perf_counter()
                walks = [_run(pool, walk, day.id, each, seconds_max) for each in range(processes)]
                took = asyncio.gather(*walks)
                await _tell(step, day.id, comes_to, took)
                seconds += time.perf_counter() - began
                cpu_seconds += sum(took.result())
                done = await _touched(day.id)
                days, due, touched = days + 1, due + comes_to, touched + done
                step.note = f"{done:,} of {comes_to:,} touched"
    async with reading() as db:
        breaks = (await db.execute(BROKEN)).scalar_one()
    return DayPace(await book.count(), days, processes, due, touched, seconds, cpu_seconds, breaks)


@contextmanager
def _ended_by_ctrl_c(ends: Event) -> Iterator[None]:
    """The first one lets each process end with its batch; the next one ends everything at once."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        ends.set()

    loop.add_signal_handler(signal.SIGINT, end)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _begin(ends: Event) -> None:
    """Of a process, which a terminal's Ctrl-C reaches too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ENDS[:] = [ends]


async def _run(pool: ProcessPoolExecutor, *asked: object) -> float:
    return await asyncio.get_running_loop().run_in_executor(pool, *asked)  # type: ignore[arg-type]


async def _tell(step: Step, day_id: UUID, due: int, took: "asyncio.Future[list[float]]") -> None:
    while not (await asyncio.wait([took], timeout=LOOK_EACH_SECONDS))[0]:
        step.at(await _touched(day_id), due, "agreements")


async def _due(db: Db) -> int:
    its = select(func.count()).select_from(Agreement).where(Agreement.next_on <= await clock.today(db))
    return (await db.execute(its)).scalar_one()


async def _touched(day_id: UUID) -> int:
    async with reading() as db:
        its = select(func.coalesce(func.sum(DayRange.touched), 0)).where(DayRange.run_id == day_id)
        return int((await db.execute(its)).scalar_one())


def walk(day_id: UUID | None, number: int, seconds_max: float) -> float:
    """Go through one range of a day, for `seconds_max` at the longest; answers the seconds of this process's processor."""
    from api import wiring  # noqa: F401  all tables must be known

    began = time.process_time()
    if day_id is not None:
        nearby.run(_walk(day_id, number, seconds_max))
    return time.process_time() - began


async def _walk(day_id: UUID, number: int, seconds_max: float) -> None:
    until = time.monotonic() + seconds_max
    while time.monotonic() < until and not ENDS[0].is_set():
        async with transaction() as db:
            await passing.do_next_batch(db, day_id, number)
            if (await db.get_one(DayRange, (day_id, number))).ended_at is not None:
                return


# Interest that was booked in the statement and not in the ledger, or the other way round.
BROKEN = text("""
    SELECT count(*)
      FROM (SELECT user_id, agreement_id, sum(interest) AS told FROM movements GROUP BY 1, 2) AS statement
      JOIN ledger_accounts AS account ON (account.user_id, account.subject_id, account.kind)
                                       = (statement.user_id, statement.agreement_id, 'INTEREST')
     WHERE statement.told <> account.debits - account.credits
""")
