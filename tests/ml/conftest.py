"""One simulated population and one built-in model for all tests of ml; both are read only."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from domain.facts.sheets import FactSheet, Observation, sheet_of
from integrations.sandbox.personas import PERSONAS
from ml.models.artefact import Artefact
from ml.population.simulating import SEED, Population, simulated
from ml.population.training import train_score

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL = ("wechat", "taobao", "oidc")


@pytest.fixture(scope="session")
def population() -> Population:
    return simulated()


@pytest.fixture(scope="session")
def model(population: Population) -> Artefact:
    return train_score(population, seed=SEED)


def persona(key: str, sources: Iterable[str] = ALL) -> FactSheet:
    """What is known of one of the sandbox's people after linking these."""
    told = [
        Observation(source, name, value, NOW - timedelta(days=2))
        for source in sources
        for name, value in PERSONAS[key].facts[source].items()
    ]
    return sheet_of(told, as_of=NOW, simulated=True)
