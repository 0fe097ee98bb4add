"""Who lives in the simulated population: a few latent traits each."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ml.population.parameters import PopulationWorld

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class People:
    age: Numbers  # years; decides life stage and linking, is never a feature
    discipline: Numbers
    thrift: Numbers
    digital: Numbers  # how much one lives online; independent of all that follows
    income: Numbers  # usual, CNY a month
    fixed_costs: Numbers  # share of it that rent and food take
    income_noise: Numbers
    is_unsteady: Flags
    is_fraud: Flags
    settled_months: Numbers  # at the same place

    def __len__(self) -> int:
        return len(self.age)


def born(count: int, world: PopulationWorld, rng: Generator) -> People:
    traits, life = world.traits, world.life
    age = rng.uniform(traits.age_low, traits.age_high, count)
    discipline, thrift, digital = rng.standard_normal((3, count))
    together = traits.thrift_with_discipline
    thrift = together * discipline + np.sqrt(1 - together**2) * thrift
    is_student = (age < 23) & (rng.random(count) < traits.student_share_under_23)
    is_unsteady = rng.random(count) < traits.unsteady_share
    experience = 0.25 * np.minimum(age - 18, 20) / 20
    income = traits.income_median * np.exp(traits.income_spread * rng.standard_normal(count) + experience - 0.12)
    income = np.where(is_student, traits.student_income, 1.0) * income
    richer = np.log(income / traits.income_median)
    return People(
        age=age,
        discipline=discipline,
        thrift=thrift,
        digital=digital,
        income=income,
        fixed_costs=np.clip(life.fixed_costs + life.fixed_costs_by_income * richer, 0.3, 0.8),
        income_noise=np.where(is_unsteady, traits.unsteady_noise, traits.steady_noise),
        is_unsteady=is_unsteady,
        is_fraud=rng.random(count) < traits.fraud_share,
        settled_months=np.minimum(rng.exponential(12 + 1.6 * (age - 18)), 12 * age),
    )
