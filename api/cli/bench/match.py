"""`longan bench match`: what one person's matches cost with few and with thousands of products, and CatBoost's share of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.assortment import Growth
    from api.story import ConsoleStory
    from ml.matchers.benchmark import MatchingSpeed


def match(
    people: Annotated[int, typer.Option(min=10, help="Simulated people.")] = 60,
    few: Annotated[int, typer.Option(min=1, help="Products to begin with.")] = 60,
    many: Annotated[int, typer.Option(min=1, help="Products to compare with.")] = 10_000,
    turns: Annotated[int, typer.Option(min=2, help="How often few and many take turns.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Match simulated people in a scratch database, with few and with many products, and time the ranking alone."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.scratch import house

    with house(to_stderr=as_json) as story:
        growth, speeds = nearby.run(_all(story, people, few, many, turns))
    if as_json:
        lab.write({"matches": figures.figures_of(growth), "ranking": [figures.figures_of(speed) for speed in speeds]})
        return
    for line in (*_of_growth(growth), *_of_speeds(speeds)):
        typer.echo(f"  {line}")


async def _all(
    story: "ConsoleStory", people: int, few: int, many: int, turns: int
) -> "tuple[Growth, list[MatchingSpeed]]":
    from api.cli.bench import assortment, crowd

    with story.step("People") as step:
        settled = await crowd.settle(people)
        step.note = f"{people:,}, each with one to three linked accounts"
    with story.step("Matching") as step:
        grown = await assortment.measured(settled, few, many, turns, step)
    with story.step("Ranking alone"):
        return grown, await assortment.ranking_alone(settled[0])


def _of_growth(growth: "Growth") -> list[str]:
    low, high = growth.interval
    return [
        f"a page of matches: {growth.few_ms:.1f} ms with {growth.few:,} products, {growth.many_ms:.1f} ms with "
        f"{growth.many:,} ({growth.few_candidates:,.0f} and {growth.many_candidates:,.0f} that the person can have), medians",
        f"{growth.ratio:.2f} times as long [{low:.2f}, {high:.2f}], where there are {growth.many / growth.few:.0f} times as many",
        f"read again, nothing changed: {growth.again_ms:.1f} ms",
    ]


def _of_speeds(speeds: "list[MatchingSpeed]") -> list[str]:
    return [
        f"{speed.candidates:>6,} candidates: {speed.ranked:>8,.0f} µs from the matrix to the ranked ids, "
        f"{speed.share:.0%} of it CatBoost itself"
        for speed in speeds
    ]
