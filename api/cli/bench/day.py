"""`longan bench day`: how long a day takes through many agreements, of which it touches those that it comes to."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from api.cli.bench.day_beside import ServedBeside
    from api.cli.bench.walking import DayPace
    from api.story import ConsoleStory


def day(
    agreements: Annotated[int, typer.Option(min=100, help="Agreements of the book.")] = 100_000,
    days: Annotated[int, typer.Option(min=1, help="How many days pass, one after the other.")] = 3,
    processes: Annotated[int, typer.Option(min=1, help="Processes that go through a day, a range of people each.")] = (
        os.cpu_count() or 1
    ),
    serving: Annotated[bool, typer.Option(help="Ask an API meanwhile, and say how long it takes.")] = False,
    minutes: Annotated[
        float,
        typer.Option(min=0.1, help="The longest that filling takes, and each day; what there is then is measured."),
    ] = 12.0,
    as_json: AsJson = False,
) -> None:
    """Let days pass through loans in a scratch database: touched a second, a million's day, and the API beside it.

    Ctrl-C measures no more, and prints what was measured.
    """
    from api.cli import lab, nearby
    from api.cli.bench import figures, scratch
    from api.story import ConsoleStory
    from infra import terminal

    # Counting a whole book at the end takes longer than any statement of the house may.
    os.environ |= {"LONGAN_STATEMENT_TIMEOUT_MS": "600000"}
    os.environ |= {"LONGAN_DAY_CONCURRENCY": str(processes), "LONGAN_DAY_SHARE": "1"}
    if serving:
        with scratch.house(to_stderr=as_json, durable=False) as story:
            pace, beside = nearby.run(_measure(story, agreements, days, processes, minutes, serving=True))
    else:
        with scratch.servers_alone(durable=False):
            story = ConsoleStory(terminal.console(stderr=True) if as_json else None)
            pace, beside = nearby.run(_measure(story, agreements, days, processes, minutes, serving=False))
    if as_json:
        lab.write({"day": figures.figures_of(pace), "api": figures.figures_of(beside) if beside else None})
        return
    for line in (*_of_day(pace), *(_of_api(beside) if beside else ())):
        typer.echo(f"  {line}")


async def _measure(
    story: "ConsoleStory", agreements: int, days: int, processes: int, minutes: float, *, serving: bool
) -> "tuple[DayPace, ServedBeside | None]":
    from api.cli.bench import book, day_beside, multiplying, walking
    from api.cli.house import House
    from infra.settings import settings

    with story.step("Loans") as step:
        people = await book.seed()
        url, more = settings().database_url or "", agreements - len(people)
        await multiplying.multiply(
            url, people, more, step, without=book.HISTORY, at_once=processes, seconds_max=minutes * 60
        )
        made = await book.count()
        step.note = f"{made:,}, of which some are due on each day of the month"
    if not serving:
        return await walking.days_pass(story, days, processes, minutes * 60), None
    with day_beside.asked(House(story), people[0]) as sampling:
        await sampling.without(story)
        pace = await sampling.beside(walking.days_pass(story, days, processes, minutes * 60))
        return pace, sampling.summarise()


def _of_day(measured: "DayPace") -> list[str]:
    if measured.million_minutes is None:
        return [f"{measured.agreements:,} agreements, and none was touched"]
    cut = "" if measured.is_whole else f", cut short with {measured.due - measured.touched:,} still to come"
    return [
        f"{measured.touched:,} of {measured.agreements:,} agreements touched by {measured.days} days in {measured.seconds:.1f} s, "
        f"{measured.touched / measured.seconds:,.0f} a second ({measured.cpu_seconds:.1f} s of {measured.processes} processes){cut}",
        f"a day of a million such agreements: {measured.million_minutes:.1f} min in {measured.processes} processes at work all the time",
        f"{measured.breaks} of them stand otherwise than the ledger says",
    ]


def _of_api(beside: "ServedBeside") -> list[str]:
    return [
        f"API, a person's agreements: {beside.p50_without:.1f} ms without and {beside.p50_beside:.1f} ms beside a day (medians); "
        f"99th percentile {beside.p99_without:.1f} and {beside.p99_beside:.1f} ms",
        f"{beside.requests_without:,} requests without and {beside.requests_beside:,} beside, one after the other",
    ]
