"""What happens to the simulated people, month by month: income, jobs, savings, debt, and what they miss."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ml.population.parameters import PopulationLife, PopulationWorld
from ml.population.people import Flags, Numbers, People

DEFAULT_MONTHS = 3  # missed in a row: 90 days past due, the usual definition


@dataclass(frozen=True)
class Lives:
    """How things stand on the day of scoring, and what came after."""

    savings: Numbers  # months of usual income
    debt: Numbers  # months of usual income
    gap_90d: Numbers  # shortage of the last three months, in months of usual income
    income_ratio: Numbers  # mean of the last six months over usual income
    income_sd: Numbers  # over the last twelve months
    on_time: Numbers  # of 24 instalment months
    late: Numbers
    worst_streak: Numbers
    streak: Numbers  # months behind now
    bills_on_time: Numbers  # of 24 bill months
    bad: Flags  # 90 days past due within the window


@dataclass
class _Standing:
    savings: Numbers
    debt: Numbers
    is_jobless: Flags
    gap: Numbers


def lived(people: People, cohort: Numbers, world: PopulationWorld, rng: Generator) -> Lives:
    life, count = world.life, len(people)
    economy = _economy(int(cohort.max()) + life.history_months + life.window_months + 1, life, rng)
    now = _Standing(
        savings=np.maximum(0.0, 1.0 + 1.2 * people.thrift + rng.standard_normal(count)),
        debt=np.maximum(0.0, 1.2 - 1.3 * people.thrift + rng.standard_normal(count)),
        is_jobless=np.zeros(count, bool),
        gap=np.zeros(count),
    )
    streak, bills = np.zeros(count), np.zeros(count)
    missed, incomes, gaps, worst = [], [], [], np.zeros(count)
    for month in range(life.history_months):
        incomes.append(_month(people, now, economy[(cohort + month).astype(int)], life, rng))
        gaps.append(now.gap)
        chance = _chance_of_missing(people, now, streak, world)
        is_missed = rng.random(count) < chance
        bills += rng.random(count) >= chance
        streak = np.where(is_missed, streak + 1, 0)
        worst = np.maximum(worst, streak)
        missed.append(is_missed)
    standing = _Standing(now.savings, now.debt, now.is_jobless, now.gap)
    bad = _defaults(people, now, cohort + life.history_months, economy, world, rng)
    late = np.sum(missed, axis=0).astype(float)
    return Lives(
        savings=standing.savings,
        debt=standing.debt,
        gap_90d=np.sum(gaps[-3:], axis=0),
        income_ratio=np.mean(incomes[-6:], axis=0),
        income_sd=np.std(incomes[-12:], axis=0),
        on_time=life.history_months - late,
        late=late,
        worst_streak=worst,
        streak=streak,
        bills_on_time=bills,
        bad=bad,
    )


def _economy(months: int, life: PopulationLife, rng: Generator) -> Numbers:
    level, levels = 0.0, []
    for shock in rng.standard_normal(months):
        level = life.economy_persistence * level + life.economy_shock * shock
        levels.append(level)
    return np.array(levels)


def _month(people: People, now: _Standing, economy: Numbers, life: PopulationLife, rng: Generator) -> Numbers:
    """One month passes; answers the income as a share of the usual."""
    count = len(people)
    losing = life.job_loss * np.where(people.is_unsteady, 2.0, 1.0) * np.exp(-economy)
    change = rng.random(count)
    now.is_jobless = np.where(now.is_jobless, change > life.job_found, change < losing)
    income = np.exp(people.income_noise * rng.standard_normal(count) + 0.03 * economy)
    income = income * np.where(now.is_jobless, life.income_without_job, 1.0)
    wants = np.maximum(0.05, 1 - people.fixed_costs - 0.06 - life.thrift_saves * people.thrift)
    wants = wants * np.where(now.savings < 0.25, 0.6, 1.0)
    saved = now.savings + income - people.fixed_costs - life.debt_service * now.debt - wants
    short = np.maximum(0.0, -saved)
    borrowed = short * life.borrows_when_short * np.clip(1 - 0.5 * people.thrift, 0, 2)
    fancied = life.borrows_for_pleasure * np.maximum(0.0, -people.thrift)
    now.savings = np.clip(saved, 0, 24)
    now.debt = np.clip(now.debt * (1 - life.debt_forgiven) + borrowed + fancied, 0, 24)
    now.gap = short - borrowed
    return income


def _chance_of_missing(
    people: People, now: _Standing, streak: Numbers, world: PopulationWorld, hardship: Numbers | float = 0.0
) -> Numbers:
    effects = world.effects
    logit = (
        world.miss_base
        + hardship
        + effects.discipline * people.discipline
        + effects.shortage * np.minimum(now.gap, 1.0)
        + effects.thin_savings * (np.exp(-4 * now.savings) - 0.3)
        + effects.debt * np.log1p(now.debt / 6)
        + effects.unsettled * (people.settled_months < 12)
        + effects.already_late * (streak > 0)
    )
    return np.asarray(1 / (1 + np.exp(-logit)))


def _defaults(
    people: People, now: _Standing, start: Numbers, economy: Numbers, world: PopulationWorld, rng: Generator
) -> Flags:
    """A new loan begins on the day of scoring, with nothing missed yet."""
    count = len(people)
    streak, bad = np.zeros(count), people.is_fraud & (rng.random(count) < world.effects.fraud)
    hardship = world.chance.spread * rng.standard_normal(count)
    for month in range(world.life.window_months):
        _month(people, now, economy[(start + month).astype(int)], world.life, rng)
        is_missed = rng.random(count) < _chance_of_missing(people, now, streak, world, hardship)
        streak = np.where(is_missed, streak + 1, 0)
        bad = bad | (streak >= DEFAULT_MONTHS)
    return bad
