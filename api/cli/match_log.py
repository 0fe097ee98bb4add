"""`longan match log`: what was shown, with its chance and what came of it, as a file that `longan match offpolicy` reads."""

from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyarrow import RecordBatch, Schema

    from domain.matching.learning.logs import Batch

DAYS = 30
YEAR_MIN = 2000


def log(
    file: Annotated[Path, typer.Argument(help="Where to: .csv, .csv.gz or .parquet.")],
    since: Annotated[datetime | None, typer.Option(help="First moment, UTC; 30 days before the last.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Where it ends, UTC; now.")] = None,
    reward: Annotated[
        Literal["opened", "applied", "approved"], typer.Option(help="What counts as a click.")
    ] = "applied",
    slot_only: Annotated[
        bool,
        typer.Option("--slot-only", help="Only the position where exploring happens, of lists that could explore."),
    ] = False,
) -> None:
    """Write what was shown in a period, without who it was shown to.

    Most positions are certain; only where exploring happens does a log say what another policy would earn: --slot-only.
    What it would earn to explore nothing: longan match offpolicy FILE --policy unexplored.
    """
    from api.cli import nearby

    if not file.name.endswith((".csv", ".csv.gz", ".parquet")):
        raise typer.BadParameter("the file's name ends in .csv, .csv.gz or .parquet")
    if until and until.year < YEAR_MIN:
        raise typer.BadParameter(f"nothing was shown before {YEAR_MIN}", param_hint="--until")
    with nearby.servers():
        rows = nearby.run(write(file, since, until, reward, slot_only))
    typer.echo(f"{rows:,} impressions in {file}", err=True)


async def write(file: Path, since: datetime | None, until: datetime | None, reward: str, slot_only: bool) -> int:
    """Answers how many impressions it wrote."""
    from datetime import UTC, timedelta

    from api import wiring  # noqa: F401  all tables must be known
    from domain.matching.learning import logs
    from domain.matching.learning.logs import Reward
    from infra import clock, database

    rows = 0
    async with database.transaction() as db:
        end = until.replace(tzinfo=UTC) if until else await clock.now(db)
        start = since.replace(tzinfo=UTC) if since else end - timedelta(days=DAYS)
        with _file(file) as add:
            async for batch in logs.batches(db, start, end, reward=Reward(reward), slot_only=slot_only):
                add(batch)
                rows += len(batch["click"])
    return rows


@contextmanager
def _file(file: Path) -> "Iterator[Callable[[Batch], None]]":
    import pyarrow as pa
    from pyarrow import csv, parquet

    from api.cli import lab

    schema = _schema()
    make = parquet.ParquetWriter if file.suffix == ".parquet" else csv.CSVWriter
    with lab.writing_to(file):
        stream = pa.output_stream(str(file))
    with stream as out, make(out, schema) as writer:
        yield lambda batch: writer.write_batch(_record(batch, schema))


def _schema() -> "Schema":
    import pyarrow as pa

    texts, numbers = (
        dict.fromkeys(("user_id", "item_id"), pa.string()),
        dict.fromkeys(("position", "click"), pa.int32()),
    )
    return pa.schema({**texts, **numbers, "propensity": pa.float64(), "unexplored": pa.int32()})


def _record(batch: "Batch", schema: "Schema") -> "RecordBatch":
    import pyarrow as pa

    return pa.RecordBatch.from_pydict(batch, schema=schema)
