"""`longan hiding`: does it pay to hide an account? On simulated people, who choose what scores them best."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import lab
from api.cli.options import AsJson
from infra import terminal
from infra.terminal import Listing

if TYPE_CHECKING:
    from ml.population.hiding import Scene, ToldRisk

SEED = 20_261_122


def hiding(
    people: Annotated[
        int, typer.Option(help="How many are simulated; half of them teach the model.", min=4_000, max=1_000_000)
    ] = 48_000,
    asked: Annotated[
        int, typer.Option(help="Of how many every order of unlinking is tried.", min=1, max=100_000)
    ] = 300,
    as_json: AsJson = False,
    seed: Annotated[int, typer.Option(min=0, max=lab.SEED_MAX, help="The same seed gives the same figures.")] = SEED,
) -> None:
    """Let simulated people link only what helps, or unlink what harms them, and hold what grades promise against it."""
    with lab.progress() as progress:
        from ml.population.hiding import on_simulated_people

        scenes = on_simulated_people(progress, people=people, asked=asked, seed=seed)
    if as_json:
        lab.write({"simulated": True, "scenes": [asdict(scene) for scene in scenes]})
    else:
        _print(scenes)


def _print(scenes: "tuple[Scene, ...]") -> None:
    console = terminal.console()
    for scene in scenes:
        title = f"Simulated: {scene.name} ({scene.people:,} people)"
        table = Listing("Grade", "Share", "Promised", "By chance", "At most", "Went bad", title=title)
        for line in scene.grades:
            most = "-" if line.grade == "D" else f"{line.cut:.0%}"
            table.add_row(line.grade, *_cells(line), most, f"{line.observed:.1%}")
        console.print(table)
        console.print(f"A better grade for it: {scene.moved_up:.1%} of all, {scene.moved_up_of_d:.1%} of D.\n")
        if scene.links:
            _print_links(scene)


def _print_links(scene: "Scene") -> None:
    table = Listing("Linked", "Share", "Promised", "By chance", "Went bad", "Better for it")
    for line in scene.links:
        table.add_row(" ".join(line.links), *_cells(line), f"{line.observed:.1%}", f"{line.moved_up:.1%}")
    console = terminal.console()
    console.print(table)
    console.print()


def _cells(line: "ToldRisk") -> tuple[str, str, str]:
    return f"{line.share:.1%}", f"{line.promised:.1%}", f"{line.low:.1%} to {line.high:.1%}"
