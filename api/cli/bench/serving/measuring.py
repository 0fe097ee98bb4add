"""A run: every row in turns, and what came of it as medians with intervals."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

from api.cli.bench.serving import load, processor
from api.cli.bench.serving.load import SentWindow
from api.cli.bench.serving.rows import BenchRow, Goals
from api.cli.house import House
from api.story import Step
from infra.running.programs import Process, Program

DRAWS = 2_000
WARM_SECONDS = 0.5
OURS, LIMIT, PEER = "longan", "limit", "peer"
Programs = dict[str, tuple[Program, int]]  # each with its port
# Many people at once from one machine: each says where they come from, and nobody's share is used up.
ENVIRONMENT = {
    "LONGAN_TRUSTED_PROXIES": '["127.0.0.1"]',
    "LONGAN_REQUEST_LIMITS__COST_PER_MINUTE": "1000000000",
    "LONGAN_REQUEST_LIMITS__CLIENT_COST_PER_MINUTE": "1000000000",
    "LONGAN_REQUEST_LIMITS__CLIENT_COST_PER_BURST": "1000000000",
    "LONGAN_REQUEST_LIMITS__CLIENT_REQUESTS_PER_MINUTE": "1000000000",
    "LONGAN_REQUEST_LIMITS__VISITOR_COST_PER_MINUTE": "1000000000",
    "LONGAN_REQUEST_LIMITS__VISITOR_COST_PER_BURST": "1000000000",
    "LONGAN_REQUEST_LIMITS__AT_ONCE_PER_ADDRESS": "64",
}


@dataclass(frozen=True)
class Median:
    """A median with its 95 % bootstrap interval."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class RowFigures:
    """Figures of one contender in one row: requests a second, milliseconds, and the processor's milliseconds for one request, of the
    program itself and of Postgres."""

    per_second: Median
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    postgres_cpu_ms: float
    answer_bytes: int


@dataclass(frozen=True)
class Goal:
    short: str
    what: str
    wanted: float
    measured: float
    met: bool


@dataclass(frozen=True)
class Result:
    name: str
    short: str
    title: str
    contenders: dict[str, RowFigures]
    of_limit: Median | None
    of_peer: Median | None
    goals: list[Goal]


@dataclass(frozen=True)
class Contender:
    process: Process
    port: int
    ready_seconds: float


@dataclass(frozen=True)
class Window:
    sent: SentWindow
    cpu_seconds: float
    postgres_cpu_seconds: float


@contextmanager
def running(programs: Programs, house: House) -> Iterator[dict[str, Contender]]:
    started: dict[str, Contender] = {}
    try:
        for name, (program, port) in programs.items():
            process = Process(program, house.var)
            started[name] = Contender(process, port, 0.0)
            process.wait_until_ready()
            started[name] = Contender(process, port, time.monotonic() - process.started)
        yield started
    finally:
        for contender in reversed(started.values()):
            contender.process.stop()


def ours(house: House) -> tuple[Program, int]:
    program = house.api()
    return replace(program, environment={**program.environment, **ENVIRONMENT}), house.port


async def measured(
    row: BenchRow, contenders: Mapping[str, Contender], postgres: int, turns: int, seconds: float, step: Step
) -> Result:
    """`postgres`: the process id of its postmaster."""
    order = [name for name in contenders if name != PEER or row.peer]
    windows: dict[str, list[Window]] = {name: [] for name in order}
    _warm_up(row, {name: contenders[name] for name in order}, seconds)
    for turn in range(turns):
        for place in range(len(order)):
            name = order[(turn + place) % len(order)]
            if name == OURS and row.before is not None:
                await row.before()
            windows[name].append(_window(row, name, contenders[name], postgres, seconds, turn))
        step.at(turn + 1, turns, row.title)
    return _result(row, windows)


def _warm_up(row: BenchRow, contenders: Mapping[str, Contender], seconds: float) -> None:
    """Whoever is asked again and again was asked once before; what is asked once is asked of a house that has answered nothing."""
    for name, contender in contenders.items():
        if name != OURS:
            _send(row, name, contender, min(seconds, WARM_SECONDS), 0)
        elif not row.once:
            _send(row, name, contender, None, 0)


def _send(row: BenchRow, name: str, contender: Contender, seconds: float | None, turn: int) -> SentWindow:
    """`seconds`: None sends each request once."""
    asked = {OURS: lambda: row.requests(turn), PEER: lambda: row.peer}
    return load.send(
        contender.port,
        asked.get(name, lambda: [load.request("/kept", {}, {})])(),
        at_once=row.at_once,
        contains=row.contains if name == OURS else b'"data"',
        seconds=seconds,
    )


def _window(row: BenchRow, name: str, contender: Contender, postgres: int, seconds: float, turn: int) -> Window:
    pids = [contender.process.popen.pid]
    before = processor.seconds(pids), processor.seconds([postgres])
    sent = _send(row, name, contender, None if name == OURS and row.once else seconds, turn)
    after = processor.seconds(pids), processor.seconds([postgres])
    return Window(sent, after[0] - before[0], after[1] - before[1])


def _result(row: BenchRow, windows: Mapping[str, Sequence[Window]]) -> Result:
    contenders = {name: _figures(each) for name, each in windows.items()}
    of_limit, of_peer = (_ratio(windows[OURS], windows[other]) if other in windows else None for other in (LIMIT, PEER))
    goals = list(_judged(row.goals, contenders[OURS], of_limit, of_peer))
    return Result(row.name, row.short, row.title, contenders, of_limit, of_peer, goals)


def _judged(goals: Goals, ours: RowFigures, of_limit: Median | None, of_peer: Median | None) -> Iterator[Goal]:
    """Only what was measured."""
    for what, wanted, ratio in (("limit", goals.of_limit, of_limit), ("peer", goals.of_peer, of_peer)):
        if wanted is not None and ratio is not None:
            yield Goal(
                f"{what} {wanted:g}",
                f"times the answers of the {what}, at least",
                wanted,
                ratio.median,
                ratio.median >= wanted,
            )
    if goals.cpu_ms is not None:
        yield Goal(
            f"CPU {goals.cpu_ms:g}", "CPU ms a request, at most", goals.cpu_ms, ours.cpu_ms, ours.cpu_ms <= goals.cpu_ms
        )
    if goals.p99_ms is not None:
        yield Goal(f"p99 {goals.p99_ms:g}", "p99 ms, at most", goals.p99_ms, ours.p99_ms, ours.p99_ms <= goals.p99_ms)


def _figures(windows: Sequence[Window]) -> RowFigures:
    latencies = sorted(each for window in windows for each in window.sent.latencies)
    return RowFigures(
        per_second=spread([window.sent.per_second for window in windows]),
        p50_ms=median(latencies),
        p99_ms=latencies[min(int(len(latencies) * 0.99), len(latencies) - 1)],
        cpu_ms=sum(window.cpu_seconds for window in windows) / len(latencies) * 1e3,
        postgres_cpu_ms=sum(window.postgres_cpu_seconds for window in windows) / len(latencies) * 1e3,
        answer_bytes=windows[-1].sent.answer_bytes,
    )


def _ratio(ours: Sequence[Window], others: Sequence[Window]) -> Median:
    """Turn by turn, so that a slow moment of the machine is both sides' alike."""
    pairs = zip(ours, others, strict=True)
    return spread([mine.sent.per_second / other.sent.per_second for mine, other in pairs])


def spread(values: Sequence[float]) -> Median:
    draw = random.Random(1)  # noqa: S311
    medians = sorted(median(draw.choices(values, k=len(values))) for _ in range(DRAWS))
    return Median(median(values), medians[round(0.025 * DRAWS)], medians[round(0.975 * DRAWS) - 1])
