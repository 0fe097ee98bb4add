"""`longan bench growth`: what Home costs among a million people and ten thousand products, beside ten thousand and the first few."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.multitudes import Grown, Sizes
    from api.story import ConsoleStory

GOAL = 1.3


def growth(
    few: Annotated[int, typer.Option(min=100, help="People to begin with.")] = 10_000,
    many: Annotated[int, typer.Option(min=1_000, help="People to compare with.")] = 1_000_000,
    products: Annotated[int, typer.Option(min=1, help="Products among the many, besides those of the few.")] = 10_000,
    readers: Annotated[int, typer.Option(min=2, help="Who read their Home.")] = 60,
    turns: Annotated[int, typer.Option(min=1, help="How often few and many take turns.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Fill a scratch database with very many people, and read Home there in turns with one that has few."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.multitudes import Sizes
    from api.cli.bench.scratch import house

    sizes = Sizes(few, many, products, readers, turns)
    with house(to_stderr=as_json, durable=False) as story:
        grown = nearby.run(_all(story, sizes))
    if as_json:
        lab.write(figures.figures_of(grown))
        return
    for line in _lines(grown):
        typer.echo(f"  {line}")


async def _all(story: "ConsoleStory", sizes: "Sizes") -> "Grown":
    from api.cli.bench import multitudes
    from api.cli.house import House

    return await multitudes.grown(story, House(story), sizes)


def _lines(grown: "Grown") -> list[str]:
    sizes = grown.sizes
    lines = [
        f"{sizes.few:,} people, and {sizes.many:,} with {sizes.products:,} products more "
        f"({grown.gigabytes:.1f} GB, filled in {grown.fill_seconds:.0f} s)"
    ]
    for told in grown.homes:
        met = "✓" if told.ratio.median < GOAL else "✗"
        lines.append(
            f"{told.title}: {told.few_ms:.1f} and {told.many_ms:.1f} ms (medians), p99 {told.few_p99_ms:.1f} and {told.many_p99_ms:.1f}; "
            f"× {told.ratio.median:.2f} [{told.ratio.low:.2f}, {told.ratio.high:.2f}], goal < {GOAL} {met}"
        )
    lines.append(f"{grown.statements} statements looked at; {len(grown.scans)} of them read a whole big table")
    return lines + [f"  {scan.table}: {scan.statement}" for scan in grown.scans]
