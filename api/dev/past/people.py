"""Who the invented people are: the simulated population, with a number, a home and a day on which they came."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import numpy as np
from numpy.random import Generator

from domain.facts.sheets import FactValue
from domain.facts.vocabulary import VOCABULARY, FactType
from infra import clock
from ml.population.simulating import SOURCES, Population, simulated

NAMESPACE = UUID("0c9b3d52-6a0e-5d0f-9d3e-6c6f6e67616e")  # of our own making
PAST_DAYS = 120
# Numbers that no telephone company gives out, beside those of the personas.
NUMBER = "+861300001{:04d}"
PEOPLE_MAX = 9_999
REGIONS = {"CN-GD": 22, "CN-SH": 17, "CN-ZJ": 15, "CN-JS": 14, "CN-BJ": 12, "CN-SC": 12, "CN-FJ": 8}
UNTOLD_SHARE = 0.06  # who does not say where they live
STUDENT_AGE_MAX = 23
AWAITS_EVERY = 16  # the first of so many has applied lately, and nobody has answered yet
OCCUPATIONS = {"employee": 60, "self-employed": 14, "gig-worker": 18, "homemaker": 5, "unemployed": 3}


@dataclass(frozen=True)
class Invented:
    """`rng` draws all that they do: the same seed and number always live the same life."""

    id: UUID
    phone: str
    birth_date: date
    region: str | None
    occupation: str
    monthly_income: Decimal
    told: Mapping[str, Mapping[str, FactValue]]  # by account that they link, the facts that it tells
    came_at: datetime
    rng: Generator
    awaits_answer: bool


def everybody(people: int, seed: int, today: date) -> Iterator[Invented]:
    """All invented people, in the order of their numbers."""
    population = simulated(people, seed=seed)
    for number in range(people):
        yield _somebody(population, number, seed, today)


def _somebody(population: Population, number: int, seed: int, today: date) -> Invented:
    rng = np.random.default_rng([seed, number])
    age, income = float(population.people.age[number]), float(population.people.income[number])
    return Invented(
        id=uuid5(NAMESPACE, f"{seed}/{number}"),
        phone=NUMBER.format(number + 1),
        birth_date=today - timedelta(days=round((age + PAST_DAYS / 365) * 365.25)),
        region=None if rng.random() < UNTOLD_SHARE else _drawn(REGIONS, rng),
        occupation="student" if age < STUDENT_AGE_MAX and income < 3_000 else _drawn(OCCUPATIONS, rng),
        monthly_income=Decimal(round(income, -2)).quantize(Decimal("0.01")),
        told={source: _facts_of(population, source, number) for source in SOURCES if population.linked[source][number]},
        came_at=_came_at(today, rng),
        rng=rng,
        awaits_answer=number % AWAITS_EVERY == 0,
    )


def _drawn(weights: Mapping[str, int], rng: Generator) -> str:
    shares = np.array(list(weights.values()), float)
    return list(weights)[rng.choice(len(shares), p=shares / shares.sum())]


def _came_at(today: date, rng: Generator) -> datetime:
    """More of them lately, and by day."""
    ago = 1 + int((PAST_DAYS - 1) * (1 - np.sqrt(rng.random())))
    return clock.begins(today - timedelta(days=ago)) + timedelta(hours=rng.uniform(8, 22))


def _facts_of(population: Population, source: str, number: int) -> dict[str, FactValue]:
    seen = ((name, float(column[number])) for name, column in population.seen[source].items())
    return {name: _value(name, value) for name, value in seen if not np.isnan(value)}


def _value(name: str, value: float) -> FactValue:
    kind = VOCABULARY[name]
    match kind.type:
        case FactType.FLAG:
            return bool(value)
        case FactType.MONEY:
            return Decimal(str(round(value, 2)))
    return value
