"""`longan match retrain` says what came of it, and ends with 2 where nothing went live."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from api.cli import retrain as command
from api.cli.match import match
from ml.matchers.trainings import MatcherTraining, TrainingOutcome

AT = datetime(2026, 11, 22, tzinfo=UTC)


def done(outcome: TrainingOutcome, *failures: str) -> MatcherTraining:
    figures = {"odds": {"ece": 0.01}}
    return MatcherTraining(
        begun_at=AT, ended_at=AT, outcome=outcome, version="abc", failures=list(failures), figures=figures
    )


@pytest.mark.parametrize(
    ("training", "exit_code", "outcome"),
    [
        (done(TrainingOutcome.LIVE), 0, "LIVE"),
        (done(TrainingOutcome.REFUSED, "It is worse."), 2, "REFUSED"),
        (done(TrainingOutcome.TOO_FEW, "Too few."), 2, "TOO_FEW"),
        (done(TrainingOutcome.OVERTAKEN), 2, "OVERTAKEN"),
        (None, 2, "AT_WORK"),
    ],
)
def test_what_came_of_it(
    training: MatcherTraining | None, exit_code: int, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def retrained() -> MatcherTraining | None:
        return training

    monkeypatch.setattr(command, "_retrained", retrained)
    plain, told = (CliRunner().invoke(match, ["retrain", *options]) for options in ([], ["--json"]))
    assert (plain.exit_code, told.exit_code) == (exit_code, exit_code)
    found = json.loads(told.stdout)
    failures = training.failures if training else []
    assert (found["outcome"], found["failures"]) == (outcome, failures)
    assert all(failure in plain.stdout for failure in failures)
