"""What each provider sees of the simulated people: facts with noise, and gaps that depend on the person."""

import numpy as np
from numpy.random import Generator

from ml.population.lives import Lives
from ml.population.parameters import Observing
from ml.population.people import Flags, Numbers, People

Seen = dict[str, Numbers]  # by fact; NaN where this provider knows nothing


def observed(people: People, lives: Lives, how: Observing, rng: Generator) -> dict[str, Seen]:
    """What each source sees. A provider sees everybody here; who linked it is decided elsewhere."""
    return {
        "wechat": _account(people, 0.9, how, rng) | _social(people, lives, how, rng),
        "taobao": _account(people, 0.7, how, rng) | _shopping(people, lives, how, rng),
        "oidc": _account(people, 0.6, how, rng) | _bank(people, lives, how, rng),
    }


def with_gaps(seen: dict[str, Seen], how: Observing, rng: Generator) -> dict[str, Seen]:
    """Not every account tells how old it is, or whether its name was checked: nobody's doing."""
    gaps = {"account.age_months": how.tells_age, "account.real_name": how.tells_name}
    return {
        source: told | {n: np.where(rng.random(len(told[n])) < share, told[n], np.nan) for n, share in gaps.items()}
        for source, told in seen.items()
    }


def _account(people: People, reach: float, how: Observing, rng: Generator) -> Seen:
    count = len(people)
    years = np.clip(people.age - 15, 0, 14) * reach * rng.beta(3, 1.5, count)
    months = years * 12 + how.tenure_noise_months * rng.standard_normal(count)
    months = np.where(people.is_fraud, rng.uniform(0, 8, count), months)
    named = rng.random(count) < np.where(people.is_fraud, 0.45, 0.94)
    return {"account.age_months": np.clip(months, 0, 400).round(), "account.real_name": named.astype(float)}


def _social(people: People, lives: Lives, how: Observing, rng: Generator) -> Seen:
    count = len(people)
    has_bills = rng.random(count) < np.where(people.age < 23, 0.5, 1.0) * how.has_bills
    months = np.minimum(24, rng.integers(3, 60, count)).astype(float)
    rate = np.clip(rng.binomial(months.astype(int), lives.bills_on_time / 24) / months, 0, 1)
    return {
        "social.active_days_90d": rng.binomial(90, _share(0.9 + 0.8 * people.digital)).astype(float),
        "social.address_stability_months": np.clip(
            people.settled_months + 2 * rng.standard_normal(count), 0, 600
        ).round(),
        "social.contacts": np.round(np.exp(4.6 + 0.5 * people.digital + 0.4 * rng.standard_normal(count))),
        "repayment.bill_months": np.where(has_bills, months, np.nan),
        "repayment.bills_on_time_rate": np.where(has_bills, rate.round(3), np.nan),
    }


def _shopping(people: People, lives: Lives, how: Observing, rng: Generator) -> Seen:
    count = len(people)
    buys_by_instalment = rng.random(count) < how.has_instalments * np.where(people.age < 20, 0.6, 1.0)
    a_month = rng.integers(1, 4, count).astype(float)  # instalments running side by side
    spend = people.income * np.exp(
        -1.6 - 0.25 * people.thrift + 0.2 * people.digital + 0.35 * rng.standard_normal(count)
    )
    orders = rng.poisson(np.exp(3.3 + 0.45 * people.digital)).astype(float)
    seen = {
        "shopping.monthly_spend": (spend * np.exp(how.noise_money * rng.standard_normal(count))).round(2),
        "shopping.orders_12m": orders,
        "shopping.active_months_12m": rng.binomial(12, _share(1.2 + 0.7 * people.digital)).astype(float),
        "shopping.return_rate": rng.beta(2 * np.exp(-0.3 * people.discipline), 18).round(3),
        "shopping.spend_variation": np.round(
            0.3 * np.exp(0.6 * lives.income_sd - 0.12 * people.thrift + 0.45 * rng.standard_normal(count)), 3
        ),
        "shopping.essentials_share": _share(0.25 * people.thrift + 0.5 * rng.standard_normal(count)).round(3),
    }
    return seen | _instalments(lives, buys_by_instalment, a_month, rng)


def _instalments(lives: Lives, has: Flags, a_month: Numbers, rng: Generator) -> Seen:
    """Who began to buy by instalment lately has few of them, late or not."""
    count = len(has)
    share = np.where(rng.random(count) < 0.5, 1.0, rng.uniform(0.15, 1.0, count))
    late = np.round(lives.late * share * a_month)
    delay_days = np.where(lives.worst_streak > 0, lives.worst_streak * 30 - rng.integers(0, 27, count), 0)
    # Who missed no month still forgets a few days now and then.
    delay_days = np.where((delay_days == 0) & (rng.random(count) < 0.2), rng.integers(1, 6, count), delay_days)
    return {
        "repayment.on_time_24m": np.where(has, np.round((lives.on_time + lives.late) * share * a_month) - late, np.nan),
        "repayment.late_24m": np.where(has, late, np.nan),
        "repayment.worst_delay_days": np.where(has, np.where((late > 0) | (delay_days < 6), delay_days, 0), np.nan),
        "repayment.delay_months": np.where(has, np.minimum(lives.streak, 12), np.nan),
    }


def _bank(people: People, lives: Lives, how: Observing, rng: Generator) -> Seen:
    count = len(people)
    seen_in = rng.random(count) >= how.income_is_cash * np.where(people.is_unsteady, 2.0, 0.6)
    has_credit = rng.random(count) < np.clip(how.has_credit + 0.015 * (people.age - 30), 0.15, 0.9)
    inflow = people.income * lives.income_ratio * np.exp(how.noise_money * rng.standard_normal(count))
    stability = np.clip(1 - 1.3 * lives.income_sd + how.noise_share * rng.standard_normal(count), 0, 1)
    days = 30 * lives.savings * np.exp(how.noise_money * rng.standard_normal(count))
    limit = people.income * np.exp(0.7 + 0.25 * people.discipline + 0.3 * rng.standard_normal(count))
    owed = people.income * lives.debt * np.exp(how.noise_money * rng.standard_normal(count))
    asked = rng.poisson(0.25 + 0.15 * lives.debt + 1.5 * np.minimum(lives.gap_90d, 2) + 5 * people.is_fraud)
    seen = {
        "income.monthly_inflow": np.where(seen_in, inflow.round(2), np.nan),
        "income.stability": np.where(seen_in, stability.round(3), np.nan),
        "income.buffer_days": np.clip(days, 0, 3650).round(),
        "credit.limit": np.where(has_credit, np.maximum(limit, 1000).round(-2), np.nan),
        "credit.outstanding": np.where(has_credit, np.minimum(owed, 1e7).round(2), np.nan),
        "credit.open_loans": np.where(has_credit, rng.poisson(0.4 + 0.45 * lives.debt), np.nan),
        "credit.applications_90d": np.where(has_credit, np.minimum(asked, 200), np.nan),
    }
    return seen | _instalments(lives, has_credit, np.ones(count), rng)


def _share(logit: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-logit))
