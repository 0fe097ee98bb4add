"""The first start: both models trained, saved, marked as simulated, and live."""

from pathlib import Path

import pytest

from infra.settings import settings
from ml.live import registry
from ml.live.registry import Kind, load_match, load_score, standing
from ml.matchers.live import LiveMatcher
from ml.population import first_models
from ml.population.simulating import Population, simulated
from ml.score.scoring import LiveScorer


@pytest.fixture(autouse=True)
def small_and_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings().model_copy(update={"var": tmp_path})
    monkeypatch.setattr(registry, "settings", lambda: given)

    def few() -> Population:
        return simulated(2_000)

    monkeypatch.setattr(first_models, "simulated", few)


def test_both_are_trained_and_go_live_and_the_same_again() -> None:
    assert not first_models.are_there()
    heard: list[float] = []
    first_models.train_first_models(lambda label, share: heard.append(share))
    assert first_models.are_there()
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)
    score, match = (standing(kind).champion for kind in Kind)
    assert score is not None
    assert match is not None
    assert load_score(score).simulated
    assert load_match(match).simulated
    assert LiveScorer().model_version == score
    assert LiveMatcher().model_version.startswith(match)
    first_models.train_first_models(lambda label, share: None)
    assert [standing(kind).champion for kind in Kind] == [score, match], "the same training gives the same models"
