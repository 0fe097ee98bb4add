"""Models for tests: the real training on a smaller population."""

from functools import partial

import pytest

from ml.population import first_models
from ml.population.simulating import simulated

PEOPLE = 3_000


def train_small_models() -> None:
    if first_models.are_there():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_models, "simulated", partial(simulated, PEOPLE))
        first_models.train_first_models(lambda label, done: None)
