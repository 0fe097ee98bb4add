"""`longan match retrain`: learn from the log now, and go live if the release gate lets it."""

from typing import TYPE_CHECKING, Any

import typer

from api.cli import lab
from api.cli.options import AsJson

if TYPE_CHECKING:
    from ml.matchers.trainings import MatcherTraining

REFUSED = 2


def retrain(
    as_json: AsJson = False,
) -> None:
    """Train the matcher on what was shown and what came of it. Worse than what is live, it does not go live (exit 2)."""
    from rich.console import Console

    from api.cli import nearby
    from api.story import ConsoleStory

    story = ConsoleStory(Console(stderr=True, highlight=False) if as_json else None)
    with nearby.servers(), story.step("Retraining") as step:
        done = nearby.run(_retrained())
        step.note = _describe(done)
    if as_json:
        lab.write(_figures(done))
    else:
        for failure in done.failures if done else ():
            story.console.print(f"    {failure}", soft_wrap=True)
    if done is None or done.outcome != "LIVE":
        raise typer.Exit(REFUSED)


async def _retrained() -> "MatcherTraining | None":
    from api import wiring  # noqa: F401  every reaction must be known to whoever announces
    from ml.matchers import retraining

    return await retraining.retrain()


def _describe(done: "MatcherTraining | None") -> str:
    if done is None:
        return "another process is at it"
    return {
        "LIVE": f"{done.version} is live",
        "REFUSED": "it stays as it is: the release gate is shut",
        "TOO_FEW": "it stays as it is: there is too little to learn from yet",
        "OVERTAKEN": "it stays as it is: another model went live meanwhile",
    }[str(done.outcome)]


def _figures(done: "MatcherTraining | None") -> dict[str, Any]:
    if done is None:
        return {"outcome": "AT_WORK", "version": None, "failures": [], "figures": {}}
    return {
        "outcome": str(done.outcome),
        "version": done.version,
        "failures": done.failures,
        "figures": done.figures,
    }
