"""The first models of the embedded default: trained once, on simulated people, and marked so."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from infra.database import Db
from ml.live import store
from ml.live.registry import ModelStanding, standing, switch
from ml.live.store import ModelKind
from ml.matchers import training as matcher_training
from ml.models import artefact as score_artefacts
from ml.models import matcher as match_artefacts
from ml.models.artefact import Artefact, ArtefactError
from ml.models.matcher import MatchArtefact
from ml.population.interactions import interacted
from ml.population.parameters import WORLD
from ml.population.simulating import SEED, Population, simulated
from ml.population.training import train_score
from ml.score.fitting import rows_of
from ml.score.rescoring import points_of_all

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]
MEMORY = "first.json"


class FirstModels(NamedTuple):
    score: Artefact
    match: MatchArtefact

    def by_kind(self) -> list[tuple[ModelKind, store.AnyModel]]:
        return [(ModelKind.SCORE, self.score), (ModelKind.MATCH, self.match)]


async def exist(db: Db) -> bool:
    return all([(await standing(db, kind)).champion for kind in ModelKind])


def train_first_models(progress: Progress) -> FirstModels:
    """Train both models. `progress` hears what is being done, and how much of all is done."""
    progress("Simulating people", 0.0)
    population = simulated()
    progress("Training the score", 0.1)
    score = train_score(population, seed=SEED)
    progress("Simulating what they apply for", 0.5)
    seen = interacted(population, *scores(population, score), market=WORLD.market, seed=SEED)
    progress("Training the matcher", 0.55)
    match = matcher_training.train(seen, simulated=True, seed=SEED)
    progress("The models are trained", 1.0)
    return FirstModels(score, match)


async def promote(db: Db, models: FirstModels) -> None:
    """Let the first models go live. Where two machines start at once, the same training has given both the same ones."""
    for kind, model in models.by_kind():
        version = await store.save(db, model)
        await switch(db, kind, partial(_unless_there_is_one, version))


def _unless_there_is_one(version: str, now: ModelStanding) -> ModelStanding:
    return now if now.champion else now.promoted(version)


def remembered(folder: Path) -> FirstModels | None:
    """What this machine has trained before, for a database that is new; None where it can't be read."""
    try:
        versions = json.loads((folder / MEMORY).read_bytes())
        score = score_artefacts.load(folder, versions[ModelKind.SCORE])
        match = match_artefacts.load(folder, versions[ModelKind.MATCH])
    except (OSError, ValueError, KeyError, TypeError, ArtefactError):
        return None
    return FirstModels(score, match) if score.simulated and match.simulated else None


def remember(models: FirstModels, folder: Path) -> None:
    score_artefacts.save(models.score, folder)
    match_artefacts.save(models.match, folder)
    versions = {kind.value: model.version for kind, model in models.by_kind()}
    (folder / MEMORY).write_text(json.dumps(versions))


def scores(population: Population, model: Artefact) -> tuple[Floats, Floats]:
    """Points of everybody, and each grade as its place among the grades."""
    points = points_of_all(model.log_odds(rows_of(model, population.facts())))
    return points, np.sum([points < fewest for fewest in model.cuts.points], axis=0).astype(float)
