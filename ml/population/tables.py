"""Training tables from the simulated population."""

import numpy as np
import pandas as pd

from ml.features import STANDARD
from ml.population.people import Flags
from ml.population.simulating import Population

TARGET = "bad"


def loan_book(population: Population, *, seed: int) -> pd.DataFrame:
    """The loans whose outcome is known, one feature a column, thinned until linking itself says nothing (see `neutral`)."""
    rows = population.outcome_known & neutral(population, np.random.default_rng(seed))
    book = pd.DataFrame(population.features()[rows], columns=list(STANDARD))
    book[TARGET] = population.bad[rows].astype(int)
    return book


def neutral(population: Population, rng: np.random.Generator) -> Flags:
    """Which rows to keep so that every combination of linked sources has the same bad rate.

    The disciplined link more. A model that saw this would charge people for accounts they have not linked; we promise
    that it does not, so the combination is made to carry no news before training.
    """
    known, bad, pattern = population.outcome_known, population.bad, population.pattern
    usual = bad[known].mean()
    chance = np.ones(len(bad))
    for which in np.unique(pattern[known]):
        here = pattern == which
        rate = bad[known & here].mean()
        if rate <= 0 or rate >= 1:
            continue
        ratio = (usual * (1 - rate)) / (rate * (1 - usual))
        chance[here & bad] = min(1.0, ratio)
        chance[here & ~bad] = min(1.0, 1 / ratio)
    return rng.random(len(bad)) < chance
