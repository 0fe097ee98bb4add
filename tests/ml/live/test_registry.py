"""One pointer says which model is live; it is switched in one step, and nothing damaged ever goes live."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from domain.credit.scoring import Scored
from infra.settings import Settings, settings
from ml.live import registry
from ml.live.registry import Kind, Standing, live_challenger_model, live_scorer_model, standing, switch
from ml.models import artefact as artefacts
from ml.models.artefact import Artefact, ArtefactError
from ml.score.scoring import LiveScorer, replayed
from tests.ml.conftest import persona


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    given = settings().model_copy(update={"var": tmp_path})
    monkeypatch.setattr(registry, "settings", lambda: given)
    return tmp_path / "models"


@pytest.fixture
def first(model: Artefact, folder: Path) -> str:
    return artefacts.save(model, folder)


@pytest.fixture
def second(model: Artefact, folder: Path) -> str:
    return artefacts.save(replace(model, calibration=(0.1, 1.0)), folder)


def promote(version: str) -> Standing:
    return switch(Kind.SCORE, lambda now: now.promoted(version))


def test_nothing_is_live_at_first() -> None:
    assert standing(Kind.SCORE) == Standing()
    with pytest.raises(ArtefactError, match="No score model is live"):
        LiveScorer().score(persona("gig-driver"))


def test_a_promotion_remembers_what_was_before(first: str, second: str) -> None:
    promote(first)
    assert promote(second) == standing(Kind.SCORE) == Standing(second, None, (first,))


def test_promoting_the_champion_again_changes_nothing(first: str) -> None:
    assert promote(first) == promote(first) == Standing(first)


def test_a_rollback_goes_back_one_step(first: str, second: str) -> None:
    promote(first)
    promote(second)
    assert switch(Kind.SCORE, Standing.rolled_back) == Standing(first)
    with pytest.raises(ArtefactError, match="no earlier champion"):
        switch(Kind.SCORE, Standing.rolled_back)


def test_a_challenger_that_wins_challenges_no_longer(first: str, second: str) -> None:
    promote(first)
    assert switch(Kind.SCORE, lambda now: now.challenged(second)) == Standing(first, second)
    live = live_challenger_model().current()
    assert live is not None and live.version == second
    assert promote(second) == Standing(second, None, (first,))


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_damaged_artefact_is_refused_and_the_old_one_stays(first: str, second: str, folder: Path, harm: str) -> None:
    scorer = LiveScorer()
    promote(first)
    scorer.warm()
    file = folder / second / "model.cbm"
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtefactError):
        promote(second)
    assert standing(Kind.SCORE) == Standing(first)
    assert scorer.model_version == first


def test_damage_after_the_switch_leaves_the_old_model_answering(first: str, second: str, folder: Path) -> None:
    live = live_scorer_model()
    promote(first)
    live.refresh()
    promote(second)
    (folder / second / "manifest.json").write_bytes(b"{}")
    live.refresh()
    model = live.current()
    assert model is not None and model.version == first


def test_a_new_champion_is_noticed_without_restart(first: str, second: str) -> None:
    scorer = LiveScorer()
    promote(first)
    assert scorer.model_version == first
    promote(second)
    deadline = time.monotonic() + 5
    while scorer.model_version != second and time.monotonic() < deadline:
        time.sleep(0.01)
    assert scorer.model_version == second


def test_production_never_decides_with_a_model_of_simulated_people(
    first: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = Settings.model_construct(environment="production", var=folder.parent)
    monkeypatch.setattr(registry, "settings", lambda: strict)
    with pytest.raises(ArtefactError, match="simulated people"):
        promote(first)
    (folder / "score.json").write_text(json.dumps({"champion": first, "challenger": None, "before": []}))
    assert live_scorer_model().current() is None


def test_an_unreadable_pointer_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "score.json").write_text("{")
    with pytest.raises(ArtefactError, match="can't be read"):
        standing(Kind.SCORE)
    assert live_scorer_model().current() is None


class TestReplay:
    def test_a_score_of_the_past_comes_out_the_same(self, first: str) -> None:
        promote(first)
        answer = LiveScorer().score(persona("gig-driver"))
        assert isinstance(answer, Scored)
        assert replayed(json.loads(json.dumps(dict(answer.vector))), answer.model_version) == answer

    def test_also_when_another_model_is_live(self, first: str, second: str) -> None:
        promote(first)
        answer = LiveScorer().score(persona("gig-driver"))
        promote(second)
        assert isinstance(answer, Scored)
        assert replayed(answer.vector, first) == answer
        assert replayed(answer.vector, second).points != answer.points

    def test_a_vector_of_another_model_is_refused(self, first: str) -> None:
        with pytest.raises(ArtefactError, match="not one of model"):
            replayed({"age": 30.0}, first)
