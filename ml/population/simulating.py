"""The simulated population: drawn once from a seed, the same everywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ml.models.features import STANDARD, Matrix, matrix
from ml.population.lives import Lives, lived
from ml.population.observing import Seen, observed, with_gaps
from ml.population.parameters import WORLD, Linking, PastPolicy, PopulationWorld
from ml.population.people import Flags, Numbers, People, born

SEED = 20_261_122
PEOPLE = 24_000
COHORT_MONTHS = 24  # people are scored in different months, so they meet different economies
SOURCES = ("wechat", "taobao", "oidc")


@dataclass(frozen=True)
class Population:
    people: People
    lives: Lives
    cohort: Numbers  # month of scoring
    seen: Mapping[str, Seen]  # by source, of everybody
    linked: Mapping[str, Flags]
    approved: Flags
    explored: Flags  # declined, then lent to by lot

    @property
    def bad(self) -> Flags:
        return self.lives.bad

    @property
    def outcome_known(self) -> Flags:
        """Lent to, and with something linked to score."""
        return np.asarray((self.approved | self.explored) & self.has_any)

    @property
    def has_any(self) -> Flags:
        return np.asarray(np.any([self.linked[source] for source in SOURCES], axis=0))

    def facts(self, linked: Mapping[str, Flags] | None = None) -> dict[str, Matrix]:
        """What is known of each when only what is linked is seen; NaN where nothing is."""
        linked = self.linked if linked is None else linked
        columns: dict[str, Matrix] = {}
        for source in SOURCES:
            for name, told in self.seen[source].items():
                visible = np.where(linked[source], told, np.nan)
                # Of several accounts the older one and the worse delay count, as on a live sheet.
                columns[name] = np.fmax(columns[name], visible) if name in columns else visible
        return columns

    def features(self, linked: Mapping[str, Flags] | None = None) -> Matrix:
        return matrix(self.facts(linked), STANDARD)

    def take(self, rows: NDArray[Any]) -> "Population":
        """These people alone; they lived in the same economy."""
        return cast(Population, _taken(self, rows))

    def only(self, sources: Iterable[str]) -> dict[str, Flags]:
        """The same people as if each had linked these accounts and no others."""
        return {source: np.full(len(self.people), source in set(sources)) for source in SOURCES}


def _taken(whole: Any, rows: NDArray[Any]) -> Any:
    if isinstance(whole, np.ndarray):
        return whole[rows]
    if isinstance(whole, Mapping):
        return {name: _taken(part, rows) for name, part in whole.items()}
    return type(whole)(**{each.name: _taken(getattr(whole, each.name), rows) for each in fields(whole)})


def simulated(people: int = PEOPLE, *, seed: int = SEED, world: PopulationWorld = WORLD) -> Population:
    rng = np.random.default_rng(seed)
    born_people = born(people, world, rng)
    cohort = rng.integers(0, COHORT_MONTHS, people).astype(float)
    lives = lived(born_people, cohort, world, rng)
    approved, explored = _lent_to(born_people, lives, world.policy, rng)
    seen = observed(born_people, lives, world.observing, rng)
    linked = _linked(born_people, world.linking, rng)
    return Population(
        people=born_people,
        lives=lives,
        cohort=cohort,
        seen=with_gaps(seen, world.observing, rng),
        linked=linked,
        approved=approved,
        explored=explored,
    )


def _linked(people: People, linking: Linking, rng: Generator) -> dict[str, Flags]:
    def wants(source: str) -> Numbers:
        older = linking.age[source] * (people.age - 35) / 10
        return 1 / (1 + np.exp(-(linking.base[source] + older + linking.discipline[source] * people.discipline)))

    return {source: rng.random(len(people)) < wants(source) for source in SOURCES}


def _lent_to(people: People, lives: Lives, policy: PastPolicy, rng: Generator) -> tuple[Flags, Flags]:
    """The lender of the past looked at income, debt and lateness, and saw them dimly."""
    count = len(people)
    impression = np.log(people.income) - 0.12 * lives.debt - 0.35 * lives.streak + 0.6 * rng.standard_normal(count)
    approved = impression >= np.quantile(impression, 1 - policy.approves_share)
    return approved, ~approved & (rng.random(count) < policy.explores_share)
