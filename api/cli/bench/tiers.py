"""`longan bench tiers`: how long other rules of tiers take for many members, from the simulation to the step back."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.ladder import Judging, TierPace
    from api.cli.bench.waiting import MemberWaits
    from api.story import ConsoleStory


def tiers(
    members: Annotated[int, typer.Option(min=1_000, help="Simulated members.")] = 200_000,
    minutes: Annotated[
        float,
        typer.Option(
            min=0.1, help="The longest that filling takes, publishing, and taking back; what there is then is measured."
        ),
    ] = 7.0,
    as_json: AsJson = False,
) -> None:
    """Simulate, publish and take back other rules in a scratch database; the worker is killed in the middle."""
    from api.cli import lab, nearby
    from api.cli.bench import figures, scratch

    with scratch.house(to_stderr=as_json, durable=False) as story:
        measured = nearby.run(_measure(story, members, minutes))
    if as_json:
        lab.write(figures.figures_of(measured))
        return
    for line in _sentences(measured):
        typer.echo(f"  {line}")


async def _measure(story: "ConsoleStory", members: int, minutes: float) -> "TierPace":
    from api.cli.bench import ladder
    from api.cli.house import House

    return await ladder.measured(story, House(story), members, minutes * 60)


def _sentences(pace: "TierPace") -> list[str]:
    asked = ", ".join(
        f"{name} {first * 1000:,.0f} ms, again {again * 1000:,.0f}"
        for name, (first, again) in pace.console_seconds.items()
    )
    killed = "" if pace.killed_at is None else f", though the worker was killed after {pace.killed_at:,}"
    astray = "cut short" if pace.astray is None else f"{pace.astray} otherwise than simulated{killed}"
    back = "NOT everybody stands as before"
    if pace.is_back is None:
        back = "cut short"
    elif pace.is_back:
        back = "everybody stands as before"
    return [
        f"{pace.members:,} members simulated in {pace.simulate_seconds:.1f} s; {asked}",
        f"published: {_judging(pace.published)}: {astray}",
        f"taken back: {_judging(pace.taken_back)}: {back}",
        f"a member waits {_tell(pace.alone)} alone, {_tell(pace.beside_simulation)} beside the simulation, "
        f"{_tell(pace.published.beside)} beside the publication, {_tell(pace.taken_back.beside)} beside the step back "
        "(median, 99th percentile, longest)",
    ]


def _judging(judged: "Judging") -> str:
    return f"{judged.done:,} judged in {judged.seconds:.0f} s, {judged.moved:,} moved"


def _tell(waits: "MemberWaits") -> str:
    return f"{waits.median:.1f}, {waits.p99:.1f} and {waits.worst:.0f} ms"
