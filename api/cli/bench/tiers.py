"""`longan bench tiers`: how long other rules of tiers take for many members, from the simulation to the step back."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.cli.bench.ladder import TierPace
    from api.cli.bench.waiting import MemberWaits
    from api.story import ConsoleStory


def tiers(
    members: Annotated[int, typer.Option(min=1_000, help="Simulated members.")] = 200_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Simulate, publish and take back other rules in a scratch database; the worker is killed in the middle."""
    import asyncio

    from api.cli import lab
    from api.cli.bench import figures, scratch

    with scratch.house(to_stderr=as_json) as story:
        measured = asyncio.run(_measure(story, members))
    if as_json:
        lab.write(figures.figures_of(measured))
        return
    for line in _sentences(measured):
        typer.echo(f"  {line}")


async def _measure(story: "ConsoleStory", members: int) -> "TierPace":
    from api.cli.bench import ladder
    from api.cli.house import House
    from infra import cache, database

    try:
        return await ladder.measured(story, House(story), members)
    finally:
        await database.close_engine()
        await cache.close_valkey()


def _sentences(pace: "TierPace") -> list[str]:
    back = "everybody stands as before" if pace.is_back else "NOT everybody stands as before"
    return [
        f"{pace.members:,} members simulated in {pace.simulate_seconds:.1f} s; audiences of them counted in {pace.census_seconds:.1f} s",
        f"published in {pace.publish_seconds:.0f} s: {pace.moved:,} moved, {pace.astray} otherwise than simulated, though the "
        f"worker was killed after {pace.killed_at:,}",
        f"taken back in {pace.roll_back_seconds:.0f} s: {back}",
        f"a member waits {_tell(pace.alone)} alone, {_tell(pace.beside_simulation)} beside the simulation, "
        f"{_tell(pace.beside_publication)} beside the publication (median, 99th percentile, longest)",
    ]


def _tell(waits: "MemberWaits") -> str:
    return f"{waits.median:.1f}, {waits.p99:.1f} and {waits.worst:.0f} ms"
