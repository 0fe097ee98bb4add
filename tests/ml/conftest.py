"""One simulated population and one built-in model for all tests of ml; both are read only."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from domain.facts.sheets import FactSheet, Observation, sheet_of
from integrations.sandbox.personas import PERSONAS
from ml.live.registry import ModelStanding
from ml.live.store import ModelKind
from ml.matchers.interactions import Interactions
from ml.matchers.training import train
from ml.models.artefact import Artefact
from ml.models.matcher import MatchArtefact
from ml.population.interactions import interacted
from ml.population.parameters import WORLD, Market
from ml.population.simulating import Population, simulated
from tests.ml import standings
from tests.trained import first_trained

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL = ("wechat", "taobao", "oidc")


@pytest.fixture(scope="session")
def population() -> Population:
    return simulated()


@pytest.fixture(scope="session")
def model() -> Artefact:
    """The built-in one, as it is trained on the population."""
    return first_trained().score


@pytest.fixture(scope="session")
def people() -> Population:
    return simulated(6_000)


def shown_to(people: Population, market: Market = WORLD.market, seed: int = 1) -> Interactions:
    points = 690 + 30 * people.people.discipline
    ranks = np.digitize(-points, [-749, -684, -605]).astype(float)
    return interacted(people, points, ranks, market=market, seed=seed)


@pytest.fixture(scope="session")
def seen(people: Population) -> Interactions:
    return shown_to(people)


@pytest.fixture(scope="session")
def matcher(seen: Interactions) -> MatchArtefact:
    return train(seen, simulated=True, seed=1)


@pytest.fixture
async def nothing_live(house: None) -> AsyncIterator[None]:
    """As before the first start; what is live otherwise is put back."""
    async with standings.put_back():
        for kind in ModelKind:
            await standings.switch(kind, lambda _: ModelStanding())
        yield


def persona(key: str, sources: Iterable[str] = ALL) -> FactSheet:
    """What is known of one of the sandbox's people after linking these."""
    told = [
        Observation(source, name, value, NOW - timedelta(days=2))
        for source in sources
        for name, value in PERSONAS[key].facts[source].items()
    ]
    return sheet_of(told, as_of=NOW, simulated=True)
