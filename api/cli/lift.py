"""`longan lift`: does linking more accounts help? On simulated people, and on real ones where their data is at hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import lab
from api.cli.options import AsJson
from infra import terminal
from infra.terminal import Listing

if TYPE_CHECKING:
    from ml.population.berka import BerkaLift
    from ml.population.lift import Figure, Lifts

SEED = 20_261_122


def lift(
    berka: Annotated[
        Path | None, typer.Option(help="The folder with the PKDD'99 (Berka) loans and transactions.")
    ] = None,
    null_world: Annotated[bool, typer.Option(help="Where nothing tells who repays: nothing may be found.")] = False,
    as_json: AsJson = False,
    seed: Annotated[int, typer.Option(min=0, max=lab.SEED_MAX, help="The same seed gives the same figures.")] = SEED,
) -> None:
    """Measure what each linked account adds to the score, with 95 % intervals on the same people."""
    with lab.progress() as progress:
        from ml.population.lift import on_simulated_people
        from ml.population.parameters import NULL_WORLD, WORLD

        share = 1.0 if berka is None else 0.7
        world = NULL_WORLD if null_world else WORLD
        simulated = on_simulated_people(lambda label, done: progress(label, share * done), world=world, seed=seed)
        real = None
        if berka is not None:
            from ml.population.berka import NotBerka, on_real_people

            try:
                real = on_real_people(berka, lambda label, done: progress(label, share + (1 - share) * done), seed=seed)
            except NotBerka as error:
                raise typer.BadParameter(str(error), param_hint="--berka") from error
    if as_json:
        lab.write({"simulated": _summarise(simulated), "real": real and _summarise_real(real)})
    else:
        _print(simulated, real)


def _summarise(lifts: "Lifts") -> dict[str, Any]:
    return {
        "people": lifts.people,
        "bads": lifts.bads,
        "simulated": True,
        "auc": {"+".join(sources): _list(figure) for sources, figure in lifts.auc.items()},
        "lifts": [
            {
                "added": one.added,
                "to": list(one.to),
                "auc": _list(one.auc),
                "logloss": _list(one.logloss),
                "helps": one.helps,
            }
            for one in lifts.lifts
        ],
    }


def _summarise_real(real: "BerkaLift") -> dict[str, Any]:
    return {
        "loans": real.loans,
        "bads": real.bads,
        "auc_application": _list(real.application),
        "auc_with_history": _list(real.with_history),
        "auc": _list(real.auc),
        "logloss": _list(real.logloss),
        "helps": real.helps,
    }


def _list(figure: "Figure") -> list[float]:
    return [round(number, 5) for number in (figure.value, figure.low, figure.high)]


def _print(lifts: "Lifts", real: "BerkaLift | None") -> None:
    console = terminal.console()
    title = f"Simulated people: {lifts.people:,} tested, {lifts.bads:,} bad"
    table = Listing("Linked", "Added", "AUC gained", "Log-loss saved", "Helps", title=title)
    for one in lifts.lifts:
        helps = "yes" if one.helps else "no"
        table.add_row(" + ".join(one.to), one.added, _format(one.auc, 3), _format(one.logloss, 4), helps)
    console.print(table)
    console.print("The AUC of simulated people says how hard we made the puzzle: it is no measure of performance.")
    if real is not None:
        console.print(
            f"\nReal people (Berka): {real.loans} loans, {real.bads} bad, cross-validated. AUC {real.application.value:.3f} from the "
            f"application, {real.with_history.value:.3f} with account history: {_format(real.auc, 3, ' more, ')}."
        )


def _format(figure: "Figure", decimals: int, between: str = "\n") -> str:
    """A figure with its interval, on two lines, so that a row fits eighty columns."""
    value, low, high = (f"{number:+.{decimals}f}" for number in (figure.value, figure.low, figure.high))
    return f"{value}{between}{low} to {high}"
