"""What simulated people do with products: who applies for which, and who is approved."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ml.match_features import GRADES, KINDS, Batch, joined, people_rows
from ml.population.parameters import Market
from ml.population.people import Flags, Indices, Numbers
from ml.population.simulating import Population


@dataclass(frozen=True)
class Interactions:
    """One row for each product that was shown to a person."""

    person: Indices  # index; nobody may be on both sides of a split
    rows: Batch
    applied: Flags
    approved: Flags  # meaningful where applied


def interacted(population: Population, points: Numbers, ranks: Numbers, *, market: Market, seed: int) -> Interactions:
    """`points` and `ranks` (0 is grade A) are what each person's linked accounts were scored to."""
    rng = np.random.default_rng(seed)
    scored = np.flatnonzero(population.has_any)
    who = np.repeat(rng.choice(scored, min(market.people, len(scored)), replace=False), market.shown_each)
    products, kind, needed = _shelf(len(who), market, rng)
    facts = {name: column[who] for name, column in population.facts().items()}
    pairs = joined(people_rows(points[who], facts), products, needed - ranks[who])
    cost_to_income = products[:, 5] / population.people.income[who]
    wants = _wants(population, who, products, kind, cost_to_income, market)
    applied = rng.random(len(who)) < 1 / (1 + np.exp(-wants))
    likes = _partner_likes(population, who, points, needed - ranks[who], cost_to_income, market, rng)
    return Interactions(who, pairs, applied, rng.random(len(who)) < 1 / (1 + np.exp(-likes)))


def _shelf(count: int, market: Market, rng: Generator) -> tuple[Batch, Indices, Numbers]:
    """A product for each showing, over the whole range of amounts, terms and rates."""
    kind = rng.integers(0, len(KINDS), count).astype(np.intp)
    middle = np.log(np.array(market.amounts)[kind]) + 0.7 * rng.standard_normal(count)
    low = np.exp(middle)
    is_rental = kind == KINDS.index("RENTAL")
    high = np.where(is_rental, low, low * rng.uniform(1, 8, count))
    months_low = np.where(is_rental, 6, rng.choice([1, 3, 6], count))
    months_high = np.maximum(months_low, rng.choice([6, 12, 24, 36], count))
    rate = np.where(is_rental, np.nan, np.clip(rng.normal(0.13, 0.05, count), 0.0, 0.24))
    month = np.where(is_rental, low, low * (1 / months_high + np.nan_to_num(rate) / 12 * 0.6))
    one_hot = np.eye(len(KINDS))[kind]
    needed = rng.choice(np.arange(len(GRADES), dtype=float), count, p=market.grades_asked)
    return np.column_stack([low, high, months_low, months_high, rate, month, one_hot]), kind, needed


def _wants(
    population: Population, who: Indices, products: Batch, kind: Indices, cost_to_income: Numbers, market: Market
) -> Numbers:
    people, lives = population.people, population.lives
    needs = np.column_stack(
        [
            0.5 * np.log1p(lives.gap_90d) - 0.4 * people.thrift,
            0.8 * (people.settled_months < 24) - 0.3,
            0.5 * people.digital,
            np.full(len(people), -0.3),
        ]
    )
    dear = np.nan_to_num(products[:, 4], nan=market.rate_usual) - market.rate_usual
    return np.asarray(
        market.applies_base
        + needs[who, kind]
        - market.dislikes_rate * dear
        - market.dislikes_burden * np.minimum(np.abs(np.log((cost_to_income + 0.01) / market.burden_usual)), 3)
    )


def _partner_likes(
    population: Population,
    who: Indices,
    points: Numbers,
    to_spare: Numbers,
    cost_to_income: Numbers,
    market: Market,
    rng: Generator,
) -> Numbers:
    """Partners read the score, look at the burden, and see a little that we do not."""
    return np.asarray(
        market.approves_base
        + market.likes_points * (points[who] - 680) / 40
        - market.dislikes_strain * np.minimum(cost_to_income, 2)
        - market.below_grade * (to_spare < 0)
        + 0.5 * rng.standard_normal(len(who))
    )
