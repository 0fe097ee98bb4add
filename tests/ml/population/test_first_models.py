"""The first start: both models trained, saved, marked as simulated, and live."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.database import reading, transaction
from infra.settings import settings
from ml.live import store
from ml.live.registry import ModelStanding
from ml.live.store import Kind
from ml.matchers.live import LiveMatcher
from ml.population import first_models
from ml.population.simulating import Population, simulated
from ml.score.scoring import LiveScorer
from tests.ml import standings
from tests.ml.standings import load_match, load_score, standing


@pytest.fixture(autouse=True)
def small_and_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings().model_copy(update={"var": tmp_path})
    monkeypatch.setattr(store, "settings", lambda: given)

    def few() -> Population:
        return simulated(2_000)

    monkeypatch.setattr(first_models, "simulated", few)


async def test_both_are_trained_and_go_live_and_the_same_again(nothing_live: None) -> None:
    async with transaction() as db:
        assert not await first_models.are_there(db)
        heard: list[float] = []
        models = first_models.train_first_models(lambda label, share: heard.append(share))
        await first_models.go_live(db, models)
        assert await first_models.are_there(db)
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)
    assert [(await standing(kind)).champion for kind in Kind] == [models.score.version, models.match.version]
    assert (await load_score(models.score.version)).simulated
    assert (await load_match(models.match.version)).simulated
    scorer, matcher = LiveScorer(), LiveMatcher()
    async with reading() as db:
        await scorer.catch_up(db)
        await matcher.catch_up(db)
    assert scorer.model_version == models.score.version
    assert matcher.model_version.startswith(models.match.version)
    again = first_models.train_first_models(lambda label, share: None)
    assert [each.version for each in again] == [each.version for each in models], "the same training, the same models"


async def test_a_machine_remembers_what_it_trained_for_a_new_database(nothing_live: None) -> None:
    assert first_models.remembered() is None
    models = first_models.train_first_models(lambda label, share: None)
    first_models.remember(models)
    found = first_models.remembered()
    assert found is not None and [each.version for each in found] == [each.version for each in models]
    damaged = store.folder() / models.match.version / "odds.cbm"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert first_models.remembered() is None


async def test_where_another_machine_was_first_its_models_stay(nothing_live: None) -> None:
    models = first_models.train_first_models(lambda label, share: None)
    other = await standings.promote(replace(models.score, calibration=(0.5, 1.0)))
    async with transaction() as db:
        await first_models.go_live(db, models)
    assert await standing(Kind.SCORE) == ModelStanding(other)
