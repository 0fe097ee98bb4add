"""The first start: both models trained, saved, marked as simulated, and live."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.database import reading, transaction
from ml.live.registry import ModelStanding
from ml.live.store import ModelKind
from ml.matchers.live import LiveMatcher
from ml.population import first_models
from ml.population.first_models import FirstModels
from ml.population.simulating import simulated
from ml.score.scoring import LiveScorer
from tests.ml import standings
from tests.ml.standings import load_match, load_score, standing

PEOPLE = 2_000


class Training(NamedTuple):
    models: FirstModels
    progress: list[float]


def trained_anew() -> Training:
    """On few people, as the claims here are of the way and not of the models."""
    heard: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_models, "simulated", partial(simulated, PEOPLE))
        return Training(first_models.train_first_models(lambda label, share: heard.append(share)), heard)


@pytest.fixture(scope="module")
def trained() -> Training:
    return trained_anew()


async def test_both_are_trained_and_go_live_and_the_same_again(nothing_live: None, trained: Training) -> None:
    models, heard = trained
    async with transaction() as db:
        assert not await first_models.exist(db)
        await first_models.promote(db, models)
        assert await first_models.exist(db)
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)
    assert [(await standing(kind)).champion for kind in ModelKind] == [models.score.version, models.match.version]
    assert (await load_score(models.score.version)).simulated
    assert (await load_match(models.match.version)).simulated
    scorer, matcher = LiveScorer(), LiveMatcher()
    async with reading() as db:
        await scorer.catch_up(db)
        await matcher.catch_up(db)
    assert scorer.model_version == models.score.version
    assert matcher.model_version.startswith(models.match.version)
    again = trained_anew().models
    assert [each.version for each in again] == [each.version for each in models], "the same training, the same models"


def test_a_machine_remembers_what_it_trained_for_a_new_database(trained: Training, tmp_path: Path) -> None:
    folder, models = tmp_path / "models", trained.models
    assert first_models.remembered(folder) is None
    first_models.remember(models, folder)
    found = first_models.remembered(folder)
    assert found is not None and [each.version for each in found] == [each.version for each in models]
    damaged = folder / models.match.version / "odds.cbm"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    assert first_models.remembered(folder) is None


async def test_where_another_machine_was_first_its_models_stay(nothing_live: None, trained: Training) -> None:
    models = trained.models
    other = await standings.promote(replace(models.score, calibration=(0.5, 1.0)))
    async with transaction() as db:
        await first_models.promote(db, models)
    assert await standing(ModelKind.SCORE) == ModelStanding(other)
