"""The partner's door: a score is asked for at a steady pace, alone and beside the app; and tokens that open nothing, side by side."""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from uuid import UUID, uuid4

from sqlalchemy import select

from api.cli.bench.serving import crowds, load, measuring, pacing
from api.cli.bench.serving.crowds import Crowd
from api.cli.bench.serving.measuring import OURS, Median, spread
from api.cli.bench.serving.rows import Asking
from api.cli.house import House
from api.story import ConsoleStory
from domain.consent import consent_tokens, consents
from domain.consent.consents import ConsentScope, Purpose
from domain.market import catalogue
from domain.people.partners import Partner
from infra import clock
from infra.database import Db, transaction

GOAL_P99_MS = 30.0
LASTS = timedelta(days=30)
SCOPES = [ConsentScope.SCORE_CHECK, ConsentScope.SCORE_REPORT]
CHECK = """mutation CheckScore($input: CheckScoreInput!) { checkScore(input: $input) {
  __typename ... on ScoreCheck { lookupId answer asOf charged } ... on Refusal { code message field } } }"""
REPORT = """mutation ReadScoreReport($input: ReadScoreReportInput!) { readScoreReport(input: $input) {
  __typename ... on ScoreReport { lookupId grade points asOf modelVersion simulated factors { code label } }
  ... on Refusal { code message field } } }"""
NOTHING = ("dead", "foreign", "invented")  # tokens that are all to be refused alike
REFUSED = b'"CONSENT_NOT_LIVE"'


@dataclass(frozen=True)
class DoorSize:
    """`homes`: how many a second the app reads beside. `pairs`: how often each token that opens nothing is shown."""

    readers: int
    per_second: int
    homes: int
    seconds: int
    pairs: int


@dataclass(frozen=True)
class DoorLatency:
    requests: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class DoorFigures:
    """`alone` and `beside` the app: by what is asked. `apart`: by kind of token that opens nothing, how many milliseconds longer
    it takes than the others of its turn.
    """

    machine: str
    per_second: int
    homes_per_second: int
    alone: dict[str, DoorLatency]
    beside: dict[str, DoorLatency]
    home: DoorLatency
    apart: dict[str, Median]

    @property
    def is_met(self) -> bool:
        return self.beside["checkScore"].p99_ms <= GOAL_P99_MS

    @property
    def tells_nothing(self) -> bool:
        """Whether no kind of token that opens nothing can be told from the others by its time."""
        return all(each.low <= 0 <= each.high for each in self.apart.values())


async def run(story: ConsoleStory, house: House, size: DoorSize) -> DoorFigures:
    with story.step("People") as step:
        crowd = await crowds.gather(4 * size.readers, size.readers, 0, step)
        async with transaction() as db:
            tokens = await _tokens(db, crowd)
    homes = Asking(crowd, 1).rows()[0]
    with measuring.running({OURS: measuring.ours(house)}, house) as started:
        port = started[OURS].port
        load.send(port, homes.requests(0), at_once=8, contains=homes.contains)
        read = [homes.requests(0)[place % size.readers] for place in range(size.homes * size.seconds)]
        app = pacing.evenly("home", read, size.homes, homes.contains)
        alone, beside, home = dict[str, list[float]](), dict[str, list[float]](), list[float]()
        for name in QUESTIONS:
            with story.step(f"{name}, alone"):
                alone |= pacing.send(port, _paced(name, size, crowd, tokens["live"]))
            with story.step(f"{name}, beside the app"):
                beside |= pacing.send(port, [*_paced(name, size, crowd, tokens["live"]), *app])
                home += beside.pop("home")
        with story.step("Tokens that open nothing"):
            apart = _apart(port, size, crowd, tokens)
    return DoorFigures(
        machine=f"{os.cpu_count()} cores",
        per_second=size.per_second,
        homes_per_second=size.homes,
        alone={name: _latency(alone[name]) for name in QUESTIONS},
        beside={name: _latency(beside[name]) for name in QUESTIONS},
        home=_latency(home),
        apart=apart,
    )


async def _tokens(db: Db, crowd: Crowd) -> dict[str, list[str]]:
    """Of each reader one that lives, one that was taken back and one of another partner; and as many that nobody made."""
    mine = catalogue.partner_id(crowds.PARTNER)
    other = (await db.execute(select(Partner.id).where(Partner.id != mine).limit(1))).scalar_one()
    tokens: dict[str, list[str]] = {name: [] for name in ("live", *NOTHING)}
    for reader in crowd.readers:
        for name, partner_id in (("live", mine), ("dead", mine), ("foreign", other)):
            tokens[name].append(await _token(db, reader.id, partner_id, is_dead=name == "dead"))
        made_up = "lct_" + "".join(random.choices("abcdefghijklmnop", k=64))  # noqa: S311
        tokens["invented"].append(made_up)
    return tokens


async def _token(db: Db, user_id: UUID, partner_id: UUID, *, is_dead: bool) -> str:
    consent = await consents.give(db, user_id, partner_id, Purpose.LENDING, SCOPES, lasts=LASTS)
    await db.flush()
    if is_dead:
        await consents.take_back(db, consent, await clock.now(db))
    return consent_tokens.token_of(consent)


def _paced(name: str, size: DoorSize, crowd: Crowd, tokens: Sequence[str]) -> list[pacing.DueRequest]:
    ask, answered = QUESTIONS[name]
    asked = [ask(crowd, tokens[place % len(tokens)], place) for place in range(size.per_second * size.seconds)]
    return pacing.evenly(name, asked, size.per_second, answered)


def _check(crowd: Crowd, token: str, place: int) -> bytes:
    return _request(crowd, CHECK, token, atLeast="ABCD"[place % 4])


def _report(crowd: Crowd, token: str, place: int) -> bytes:
    return _request(crowd, REPORT, token)


QUESTIONS: Mapping[str, tuple[Callable[[Crowd, str, int], bytes], bytes]] = {
    "checkScore": (_check, b'"ScoreCheck"'),
    "readScoreReport": (_report, b'"ScoreReport"'),
}


def _request(crowd: Crowd, query: str, token: str, **more: str) -> bytes:
    input = {"consentToken": token, "purpose": "LENDING", "idempotencyKey": str(uuid4()), **more}
    body = {"query": query, "variables": {"input": input}}
    return load.request("/partner/graphql", body, {"Authorization": f"Bearer {crowd.partner_token}"})


def _apart(port: int, size: DoorSize, crowd: Crowd, tokens: dict[str, list[str]]) -> dict[str, Median]:
    """Each kind in turns, one at a time and in an order that is drawn anew; compared within each turn."""
    chance, took = random.Random(1), {name: list[float]() for name in NOTHING}  # noqa: S311
    for turn in range(size.pairs):
        for name in chance.sample(NOTHING, k=len(NOTHING)):
            asked = [_check(crowd, tokens[name][turn % len(tokens[name])], turn)]
            took[name] += load.send(port, asked, at_once=1, contains=REFUSED).latencies
    turns = list(zip(*took.values(), strict=True))
    return {name: spread([_longer(turn, place) for turn in turns]) for place, name in enumerate(NOTHING)}


def _longer(turn: Sequence[float], place: int) -> float:
    """Than the others of the same turn took on average."""
    others = [*turn[:place], *turn[place + 1 :]]
    return turn[place] - sum(others) / len(others)


def _latency(took: Sequence[float]) -> DoorLatency:
    ordered = sorted(took)
    return DoorLatency(len(ordered), median(ordered), ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)])
