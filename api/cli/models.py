"""`longan models`: what is kept and live, and the way from a proposal to the champion and back."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import AsJson

if TYPE_CHECKING:
    from infra.database import Db

models = typer.Typer(help="The models: which are kept, which are live, who vouches for them.")
Version = Annotated[str, typer.Argument(help="Sixteen digits, as the list shows them.")]
By = Annotated[
    str, typer.Option("--by", help="Your address as a member of staff; you are asked for password and code.")
]


@models.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the models, or do something with one."""
    if context.invoked_subcommand is None:
        from api.cli import lab, models_table

        async def show_versions(db: "Db") -> None:
            found, beside = await models_table.lines(db), await models_table.shadow(db)
            if as_json:
                lab.write(models_table.summary(found, beside))
            else:
                models_table.show(found, beside)

        _run(show_versions, writes=False)


@models.command()
def fetch(
    version: Version,
    into: Annotated[Path | None, typer.Option(help="The folder that keeps models on this machine.")] = None,
) -> None:
    """Write a model to a folder of this machine, for `longan evaluate` and for copies."""
    from api.cli import lab
    from ml.live import store
    from ml.models import folders

    async def write(db: "Db") -> None:
        files = await store.contents(db, version)
        store.read(version, files)
        if not (folder / version).exists():
            with lab.writing_to(folder):
                folders.write(folder, version, files)

    folder = into or store.folder()
    _run(write, f"{folder / version}", writes=False)


@models.command()
def propose(version: Version, by: By) -> None:
    """Vouch for a model as the first of two people."""
    from api.cli import proving
    from ml.promotion import promoting

    async def propose_version(db: "Db") -> None:
        await promoting.propose(db, version, by=await proving.prove(by))

    _run(propose_version, f"{version} is proposed; somebody else must approve it")


@models.command()
def approve(version: Version, by: By) -> None:
    """Vouch for a proposed model as the second of two people."""
    from api.cli import proving
    from ml.promotion import promoting

    async def approve_version(db: "Db") -> None:
        await promoting.approve(db, version, by=await proving.prove(by))

    _run(approve_version, f"{version} is approved; longan models promote {version} --by ADDRESS")


@models.command()
def promote(
    version: Version,
    by: By,
    book: Annotated[
        Path | None, typer.Option(help="A loan book to measure both models on, for the release gate.")
    ] = None,
    describe: Annotated[Path | None, typer.Option(help="What the book's columns are: see book.toml.")] = None,
) -> None:
    """Make an approved model the champion. API and worker take it over without restart, and everybody is rescored."""
    if (book is None) != (describe is None):
        raise typer.BadParameter("--book and --describe go together")
    on = (book, describe) if book and describe else None
    _run(partial(_promote, version, by, on), f"{version} is the champion; everybody is being rescored")


@models.command()
def challenge(
    by: By,
    version: Annotated[str | None, typer.Argument(help="Nothing ends the challenge.")] = None,
) -> None:
    """Let a model score live traffic in the shadow: its points are stored beside the champion's, and shown to nobody."""
    from api.cli import proving
    from ml.promotion import promoting

    async def challenge_version(db: "Db") -> None:
        await promoting.challenge(db, version, by=await proving.prove(by))

    _run(challenge_version, f"{version} scores in the shadow" if version else "nobody challenges any more")


@models.command()
def rollback(
    by: By,
    match: Annotated[bool, typer.Option("--match", help="The matcher instead of the score.")] = False,
) -> None:
    """Go back to the champion before this one, in one step."""
    from api.cli import proving
    from ml.live.store import ModelKind
    from ml.promotion import promoting

    async def roll_back(db: "Db") -> None:
        await promoting.roll_back(db, ModelKind.MATCH if match else ModelKind.SCORE, by=await proving.prove(by))

    _run(roll_back, "the former champion is live again; everybody is being rescored")


@models.command()
def reseal(version: Version, by: By) -> None:
    """Let a model be live again where what is live was sealed under another key, or changed by other hands."""
    from api.cli import proving
    from ml.promotion import promoting

    async def reseal_version(db: "Db") -> None:
        await promoting.reseal(db, version, by=await proving.prove(by))

    _run(reseal_version, f"{version} is live, sealed under this house's key; everybody is being rescored")


async def _promote(version: str, by: str, on: tuple[Path, Path] | None, db: "Db") -> None:
    from api.cli import proving
    from ml.promotion import promoting

    actor = await proving.prove(by)
    gate = await _measured(version, *on) if on else None
    await promoting.promote(db, version, gate, by=actor)


async def _measured(version: str, book: Path, describe: Path) -> Any:
    from api.cli import lab
    from infra.database import reading
    from ml.promotion import promoting

    # It takes longer than Postgres lets a transaction stand idle, so none is open meanwhile.
    async with reading() as db:
        rivals = await promoting.rivals(db, version)
    with lab.progress() as progress, lab.refusals(as_json=False):
        return promoting.measure(rivals, book, describe, progress)


def _run(work: "Callable[[Db], Awaitable[Any]]", told: str | None = None, *, writes: bool = True) -> None:
    from api.cli import nearby
    from infra import database
    from ml.models.artefact import ArtefactError
    from ml.promotion.promoting import NotPromoted

    async def run() -> None:
        from api import wiring  # noqa: F401  every reaction must be known to whoever announces

        async with database.transaction() if writes else database.reading() as db:
            await work(db)

    with nearby.servers():
        try:
            nearby.run(run())
        except (NotPromoted, ArtefactError) as reason:
            typer.echo(str(reason), err=True)
            raise typer.Exit(1) from None
    if told:
        typer.echo(told)
