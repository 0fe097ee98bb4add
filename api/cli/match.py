"""`longan match`: rankers compared on any table of interactions, and policies valued from the log of another."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli import lab
from api.cli.match_log import log
from api.cli.options import AsJson
from api.cli.retrain import retrain
from api.cli.sweep import sweep
from infra import terminal

match = typer.Typer(no_args_is_help=True, help="Ranking: which model ranks best, and what another policy would earn.")
Seed = Annotated[int, typer.Option(min=0, max=lab.SEED_MAX, help="The same table and seed give the same figures.")]
SEED = 20_261_122

match.command()(sweep)
match.command()(retrain)
match.command()(log)


@match.command()
def evaluate(
    table: Annotated[Path, typer.Argument(help="CSV, gzip or Parquet: user_id, item_id, label, time?, u_*, i_*.")],
    as_json: AsJson = False,
    seed: Seed = SEED,
) -> None:
    """Compare popularity, co-occurrence, own history, pointwise and YetiRank on users that no model has seen."""
    with lab.progress() as progress, lab.refusals(as_json, "table"):
        progress(f"Reading {table.name}", 0.0)
        from ml.books import reading
        from ml.books.findings import Notes
        from ml.ranking import evaluating, showing
        from ml.ranking.table import checked

        notes = Notes()
        frame = reading.read(table, notes)
        progress("Checking", 0.05)
        found = evaluating.evaluate(checked(frame, notes), notes, seed=seed, progress=progress)
    if as_json:
        lab.write(showing.of_evaluation(found))
    else:
        showing.evaluation(found, console=terminal.console())


Log = Annotated[
    Path, typer.Argument(help="CSV, gzip or Parquet: item_id, click or reward, propensity, position?, u_*.")
]
Target = Annotated[Path | None, typer.Option(help="A log of the other policy; its own mean is printed as the truth.")]
Policy = Annotated[
    str | None, typer.Option(help="`uniform`, or the column with the other policy's chance of the shown action.")
]
Clip = Annotated[
    float | None, typer.Option(min=1.0, max=1e9, help="Highest weight; the square root of the rows if not given.")
]


@match.command()
def offpolicy(
    log: Log,
    target: Target = None,
    policy: Policy = None,
    clip: Clip = None,
    as_json: AsJson = False,
    seed: Seed = SEED,
) -> None:
    """Estimate what another policy would have earned, by IPS, SNIPS and doubly robust, with 95 % intervals."""
    if (target is None) == (policy is None):
        raise typer.BadParameter("give either --target or --policy")
    with lab.progress() as progress, lab.refusals(as_json, "log"):
        progress(f"Reading {log.name}", 0.0)
        from ml.books import reading
        from ml.books.findings import Notes
        from ml.ranking import logs, policies, showing
        from ml.ranking import offpolicy as estimating

        frame = reading.read(log, Notes())
        logged = logs.checked(frame)
        truth = None
        if target is not None:
            progress(f"Reading {target.name}", 0.3)
            other = logs.checked(reading.read(target, Notes()))
            truth = estimating.earned(other, seed=seed)
            wanted = policies.of_log(logged, other)
        else:
            name = str(policy)
            chosen = None if name == "uniform" else logs.chances(frame, name)
            wanted = policies.uniform(logged) if chosen is None else policies.of_column(logged, name, chosen)
        progress("Estimating", 0.5)
        valued = estimating.value(logged, wanted, seed=seed, clip=clip)
    if as_json:
        lab.write(showing.of_valuation(valued, truth))
    else:
        showing.valuation(valued, truth, console=terminal.console())
