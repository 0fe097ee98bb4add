"""The first models of the embedded default: trained once, on simulated people, and marked so."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ml.live.registry import Kind, folder, standing, switch
from ml.matchers import training as matcher_training
from ml.models import artefact as score_artefacts
from ml.models import matcher as match_artefacts
from ml.models.artefact import Artefact
from ml.population.interactions import interacted
from ml.population.parameters import WORLD
from ml.population.simulating import SEED, Population, simulated
from ml.population.training import train_score
from ml.score.fitting import rows_of
from ml.score.rescoring import points_of_all

Progress = Callable[[str, float], None]
Floats = NDArray[np.float64]


def are_there() -> bool:
    return all(standing(kind).champion for kind in Kind)


def train_first_models(progress: Progress) -> None:
    """Train both models and make them live. `progress` hears what is being done, and how much of all is done."""
    progress("Simulating people", 0.0)
    population = simulated()
    progress("Training the score", 0.1)
    score = train_score(population, seed=SEED)
    progress("Simulating what they apply for", 0.5)
    seen = interacted(population, *scores(population, score), market=WORLD.market, seed=SEED)
    progress("Training the matcher", 0.55)
    match = matcher_training.train(seen, simulated=True, seed=SEED)
    progress("Saving the models", 0.95)
    score_version = score_artefacts.save(score, folder())
    match_version = match_artefacts.save(match, folder())
    switch(Kind.SCORE, lambda now: now.promoted(score_version))
    switch(Kind.MATCH, lambda now: now.promoted(match_version))
    progress("The models are ready", 1.0)


def scores(population: Population, model: Artefact) -> tuple[Floats, Floats]:
    """Points of everybody, and each grade as its place among the grades."""
    points = points_of_all(model.log_odds(rows_of(model, population.facts())))
    return points, np.sum([points < fewest for fewest in model.cuts.points], axis=0).astype(float)
