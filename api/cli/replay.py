"""`longan replay`: a score or decision of the past, worked out again."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from uuid import UUID

    from ml.score.replaying import Replay


def replay(
    score: Annotated[str | None, typer.Argument(metavar="SCORE_ID", help="Its GraphQL id or its UUID.")] = None,
    decision: Annotated[str | None, typer.Option(help="Instead of a score: a decision's id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Work a score or a decision out again, from its stored vector and the model of that time. Exit code 1 unless the same."""
    from api.cli import lab, nearby
    from ml.score.replaying import CannotReplay

    if (score is None) == (decision is None):
        raise typer.BadParameter("give the id of one score, or --decision with the id of one decision")
    kind, key = ("Score", score) if score else ("Decision", decision)
    with nearby.servers():
        try:
            again = nearby.run(_replay(kind, _uuid(kind, str(key))))
        except CannotReplay as reason:
            typer.echo(str(reason), err=True)
            raise typer.Exit(1) from None
    if as_json:
        lab.write(_figures(again))
    else:
        _show(again)
    if not again.is_same:
        raise typer.Exit(1)


def _uuid(kind: str, text: str) -> "UUID":
    from infra.ids import parse_global_id, read_id

    parsed = parse_global_id(text)
    found = parsed[1] if parsed and parsed[0] == kind else read_id(text)
    if found is None:
        raise typer.BadParameter(f"{text} is no id of a {kind.lower()}")
    return found


async def _replay(kind: str, key: "UUID") -> "Replay":
    from api import wiring  # noqa: F401  all tables must be known
    from infra import database
    from ml.score.replaying import replay_decision, replay_score

    async with database.reading() as db:
        return await (replay_score if kind == "Score" else replay_decision)(db, key)


def _figures(again: "Replay") -> dict[str, object]:
    return {"model": again.model_version, "same": again.is_same, "stored": again.stored, "again": again.again}


def _show(again: "Replay") -> None:
    from rich.text import Text

    from infra import terminal

    table = terminal.Listing("", "stored", "again", " ")
    for name, stored in again.stored.items():
        now = again.again[name]
        mark = Text("same", "green") if stored == now else Text("different", "bold red")
        table.add_row(Text(name, "dim"), Text(_plain(stored)), Text(_plain(now)), mark)
    console = terminal.console()
    console.print(table)
    verdict = "same" if again.is_same else "different"
    console.print(f"{verdict} (model {again.model_version})", soft_wrap=True)


def _plain(value: object) -> str:
    """Factors and reasons as a line each: code and effect, or code alone."""
    if not isinstance(value, list):
        return str(value)
    return (
        "\n".join(f"{each[0]} {each[2]:+d}" if isinstance(each[2], int) else str(each[0]) for each in value) or "none"
    )
