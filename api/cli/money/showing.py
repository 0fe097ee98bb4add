"""What `longan money` prints: a list for programs, or tables. A record that is refused is named, and the others go on."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from api.cli.money.fields import Fields, Unsupported
from infra.errors import Refusal, RefusalCode, invalid

REFUSED = 2
ID_MAX = 200

Answer = dict[str, Any]


def show(file: Path, answer: Callable[[Fields], Answer], as_json: bool) -> None:
    try:
        answers = [_answer(record, place, answer) for place, record in enumerate(_records(file))]
    except Refusal as refusal:
        answers = [_refused(None, refusal)]
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=1))
    else:
        _print(answers)
    if any("refused" in each for each in answers):
        raise typer.Exit(REFUSED)


def _records(file: Path) -> list[Any]:
    """Raises INVALID for what is no file, no JSON, or holds no list of records."""
    try:
        found = json.loads(file.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise invalid("This file cannot be read.", "file") from error
    except (ValueError, RecursionError) as error:
        raise invalid("This file is no JSON.", "file") from error
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if lists else [found]
    if not isinstance(found, list):
        raise invalid("This file holds no list of records.", "file")
    return found


def _answer(record: Any, place: int, answer: Callable[[Fields], Answer]) -> Answer:
    named: object = place
    try:
        if not isinstance(record, dict):
            raise invalid("A record is an object.", str(place))
        fields = Fields(record)
        named = record["id"] if isinstance(record.get("id"), int) else fields.text("id")
        return {"id": named, **answer(fields)}
    except Refusal as refusal:
        return _refused(named, refusal)
    except OverflowError:
        return _refused(named, invalid("A day of this record lies outside the calendar.", ()))
    except Unsupported as why:
        return {"id": named, "unsupported": str(why)}


def _refused(named: object, refusal: Refusal) -> Answer:
    refused = {
        "code": str(refusal.code or RefusalCode.INVALID),
        "field": list(refusal.field or ()),
        "message": refusal.message.format(**refusal.values),
    }
    return {"id": named, "refused": refused}


def _print(answers: list[Answer]) -> None:
    from infra import terminal

    screen = terminal.console()
    for each in answers:
        screen.print(*_lines(each))


def _lines(answer: Answer) -> Iterator[Any]:
    from infra.terminal import Listing

    rows = answer.get("instalments")
    if rows:
        names = tuple(name for name in rows[0] if name not in ("no", "due_date"))
        table = Listing("no", "due", *names, right=names, title=str(answer["id"]))
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        yield table
    elif "refused" in answer:
        refused = answer["refused"]
        yield ": ".join(
            each for each in (str(answer["id"] or ""), ".".join(refused["field"]), refused["message"]) if each
        )
    elif "unsupported" in answer:
        yield f"{answer['id']}: not supported: {answer['unsupported']}"
    else:
        yield f"{answer['id']}: {answer['result'] if answer.get('result') is not None else 'no solution'}"
