"""Training the built-in score model on the simulated population: CatBoost, one fixed recipe, no search."""

from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from ml.books.book import Book
from ml.lab import boosting, calibration
from ml.lab.boosting import TreeGrowth
from ml.lab.carding import profile_of
from ml.lab.evaluation import judged
from ml.models.artefact import Artefact
from ml.population.loans import DESCRIPTION, loan_book
from ml.population.settling import chosen_by_strangers, settled
from ml.population.simulating import Population
from ml.score.explaining import explained

Floats = NDArray[np.float64]

GROWTH = TreeGrowth(depth=4, rate=0.1, trees=110)


def train_score(population: Population, *, seed: int) -> Artefact:
    """Grown on what people have linked and on what they would link who know the model; its promises are set by the latter.

    So a grade holds its promise however few accounts it was given for, and whoever chose them.
    """
    links = settled(population, seed=seed)
    chosen = chosen_by_strangers(population, links, GROWTH, seed=seed)
    tested, raw = loan_book(population, chosen.links), chosen.raw[population.outcome_known]
    fitted = calibration.fit(raw, tested.bad, tested.weights)
    judgement = judged(tested.bad, fitted[0] + fitted[1] * raw, tested.weights, None, seed=seed)
    book = loan_book(population, *links)
    model = boosting.fit(book, GROWTH, seed=seed)
    plain = Artefact("catboost", book.inputs, model, calibration=fitted, simulated=True, cuts=DESCRIPTION.cuts)
    card = {
        "data": {"hash": book.data_hash, "rows": len(book), "bads": book.bads, "simulated": True},
        "figures": asdict(judgement.figures),
        "figures_come_from": f"{len(tested)} simulated people, each by a model that had not seen them: no measure of performance",
        "trees": GROWTH.trees,
        "seed": seed,
    }
    return replace(plain, reference=_reference(plain, book), card=card, profile=profile_of(book, plain))


def _reference(artefact: Artefact, book: Book) -> tuple[float, ...]:
    """What each input adds on average among those whom grades A to C approve."""
    told = explained(artefact, book.frame.to_numpy(float))
    approved = calibration.probability(told.log_odds) <= artefact.cuts.c
    return tuple(float(mean) for mean in told.effects[approved].mean(axis=0))
