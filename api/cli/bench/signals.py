"""`longan bench signals`: what it costs whoever applies that their sighting is written down and standing signals are asked."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from uuid import UUID

    from api.story import ConsoleStory

RESAMPLES, WARMING = 1_000, 10
NETWORK = "203.0.113.7"


@dataclass(frozen=True)
class SignalsCost:
    """Milliseconds of `apply` to its decision, one at a time; `low` and `high` hold 95 % of what p99 may have grown by."""

    pairs: int
    median_without: float
    median_with: float
    p99_without: float
    p99_with: float
    low: float
    high: float


def signals(
    pairs: Annotated[int, typer.Option(min=20, help="Pairs of people who apply, one with and one without.")] = 500,
    as_json: AsJson = False,
) -> None:
    """Let simulated people apply in turns with and without the sightings and signals of `domain/risk`, in a scratch database."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.scratch import house

    with house(to_stderr=as_json) as story:
        cost = nearby.run(_measure(story, pairs))
    if as_json:
        lab.write(figures.figures_of(cost))
        return
    typer.echo(
        f"  apply: median {cost.median_without:.1f} ms without, {cost.median_with:.1f} ms with signals; "
        f"p99 {cost.p99_without:.1f} and {cost.p99_with:.1f} ms ({cost.low:+.1f} to {cost.high:+.1f}, 95 % of {RESAMPLES:,} "
        f"resamples; {cost.pairs:,} pairs in turns)"
    )


async def _measure(story: "ConsoleStory", pairs: int) -> SignalsCost:
    from api.cli.bench.serving import crowds

    with story.step("People") as step:
        people = 2 * (pairs + WARMING)
        gathered = await crowds.gather(people + people // 2, 0, people, step)
    with story.step("Applying in turns") as step:
        took: dict[bool, list[float]] = {False: [], True: []}
        waiting = [each.id for each in gathered.applicants]
        for number in range(pairs + WARMING):
            for is_with in random.sample((False, True), 2):
                took[is_with].append(await _applied(waiting.pop(), is_with))
            step.at(number + 1, pairs + WARMING)
    return _of(took[False][WARMING:], took[True][WARMING:])


async def _applied(user_id: "UUID", is_with: bool) -> float:
    from uuid import uuid4

    from api.cli.bench.serving.crowds import AMOUNT, PARTNER, SKU
    from domain.actors import UserActor
    from domain.applications import applying
    from domain.market import catalogue
    from domain.people import sessions
    from infra.database import transaction

    async with transaction() as db:
        session = await sessions.begin(db, user_id, "bench")
    actor = UserActor(user_id=user_id, session_id=session.id)
    product = catalogue.product_id(PARTNER, SKU)
    began = time.perf_counter()
    with nullcontext() if is_with else _unseen():
        async with transaction() as db:
            await applying.apply(
                db, actor, product_id=product, amount=AMOUNT, term_months=6, share=[], ip=NETWORK, key=uuid4().hex
            )
    return (time.perf_counter() - began) * 1000


@contextmanager
def _unseen() -> Iterator[None]:
    """As if there were no signals; the house itself always writes them down."""
    from unittest.mock import AsyncMock, patch

    from domain.risk import sightings, signals

    with (
        patch.object(signals, "actions_for", AsyncMock(return_value=set())),
        patch.object(sightings, "of_application", AsyncMock()),
    ):
        yield


def _of(without: list[float], with_it: list[float]) -> SignalsCost:
    chance = random.Random(1)  # noqa: S311 - figures that come out alike again
    grown = sorted(
        _p99(chance.choices(with_it, k=len(with_it))) - _p99(chance.choices(without, k=len(without)))
        for _ in range(RESAMPLES)
    )
    low, high = grown[int(0.025 * RESAMPLES)], grown[int(0.975 * RESAMPLES)]
    return SignalsCost(len(without), median(without), median(with_it), _p99(without), _p99(with_it), low, high)


def _p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]
