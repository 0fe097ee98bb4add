"""`longan bench account`: what one person costs, from registration to a decision, and at rest."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.costing import AccountCost
    from api.story import ConsoleStory


def account(
    people: Annotated[int, typer.Option(min=1, help="Who register, link an account and apply.")] = 30,
    copies: Annotated[int, typer.Option(min=100, help="Of them, to weigh what lies in Postgres.")] = 20_000,
    as_json: AsJson = False,
) -> None:
    """Let people register, link, read and apply through the doors of a scratch house, and add up what it took."""
    from api.cli import lab, nearby
    from api.cli.bench import figures
    from api.cli.bench.scratch import house

    with house(to_stderr=as_json) as story:
        cost = nearby.run(_all(story, people, copies))
    if as_json:
        lab.write(figures.figures_of(cost))
    else:
        typer.echo(f"  {_line(cost)}")


async def _all(story: "ConsoleStory", people: int, copies: int) -> "AccountCost":
    from api.cli.bench import costing
    from api.cli.house import House

    return await costing.cost(story, House(story), people, copies)


def _line(cost: "AccountCost") -> str:
    return (
        f"an account takes {cost.cpu_seconds:.2f} s of one core from registration to decision, and lies in Postgres with "
        f"{cost.bytes_at_rest / 1e3:,.1f} kB"
    )
