"""`longan bench rescore`: how fast everybody is rescored, and how much that disturbs people at the API."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.beside import Beside
    from api.cli.bench.speed import Speed
    from api.story import ConsoleStory


def rescore(
    people: Annotated[int, typer.Option(min=100, help="Simulated people.")] = 20_000,
    pairs: Annotated[int, typer.Option(min=2, help="Pairs of two-second windows, with a rescore and without.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Rescore simulated people in a scratch database: its speed, CatBoost's share of it, and the API beside it."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.scratch import house

    with house(to_stderr=as_json) as story:
        speed, beside = nearby.run(_all(story, people, pairs))
    if as_json:
        lab.write({"rescore": figures.figures_of(speed), "api": figures.figures_of(beside)})
        return
    for line in (*_of_speed(speed), *_of_api(beside)):
        typer.echo(f"  {line}")


async def _all(story: "ConsoleStory", people: int, pairs: int) -> "tuple[Speed, Beside]":
    from api.cli.bench import beside, crowd, speed
    from api.cli.house import House

    with story.step("People") as step:
        settled = await crowd.settle(people)
        step.note = f"{people:,}, each with one to three linked accounts"
    with story.step("Rescore alone"):
        alone = await speed.rescored(settled)
    with story.step("API beside a rescore") as step:
        return alone, await beside.disturbed(House(story), settled, pairs, step)


def _of_speed(speed: "Speed") -> list[str]:
    return [
        f"{speed.people_per_core_second:,.0f} people a second and core "
        f"({speed.cpu_seconds:.1f} s of this process for {speed.people:,}; {speed.seconds:.1f} s on the clock, "
        "with Postgres on its own core)",
        f"bare CatBoost: {speed.catboost_microseconds:.2f} µs a person, {speed.catboost_share:.2%} of that; "
        f"with its own Shapley values {speed.catboost_with_shap_microseconds:.1f} µs, {speed.catboost_with_shap_share:.1%}",
    ]


def _of_api(beside: "Beside") -> list[str]:
    low, high = beside.interval
    return [
        f"API: {beside.without:.1f} ms without, {beside.beside:.1f} ms beside a rescore (medians); "
        f"95th percentile {beside.p95_without:.1f} and {beside.p95_beside:.1f} ms",
        f"median ratio of the means {beside.ratio:.2f} (95 % interval {low:.2f} to {high:.2f}, {beside.pairs} interleaved pairs, "
        f"{beside.rescored:,} people rescored meanwhile)",
    ]
