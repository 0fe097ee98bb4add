"""What simulated people do with products: who applies for which, and who is approved."""

import numpy as np
from numpy.random import Generator

from domain.market.columns import GRADES, KINDS
from domain.market.kinds import ProductKind
from ml.matchers.interactions import Interactions
from ml.models.features import matrix
from ml.models.pairs import PERSON, PRODUCT, joined
from ml.population.parameters import Market
from ml.population.people import Indices, Numbers
from ml.population.simulating import Population

ANNUAL_COST, AMOUNT_MIN = PRODUCT.index("annual_cost"), PRODUCT.index("amount_min")
USUAL_AMOUNTS = np.array([kind.terms.usual_amount for kind in KINDS], float)
LENDS = np.array([kind.terms.lends for kind in KINDS])


def interacted(population: Population, points: Numbers, ranks: Numbers, *, market: Market, seed: int) -> Interactions:
    """`points` and `ranks` (0 is grade A) are what each person's linked accounts were scored to."""
    rng = np.random.default_rng(seed)
    scored = np.flatnonzero(population.has_any)
    who = np.repeat(rng.choice(scored, min(market.people, len(scored)), replace=False), market.shown_each)
    kind = rng.integers(0, len(KINDS), len(who)).astype(np.intp)
    products, monthly, needed = _shelf(kind, market, rng)
    facts = {name: column[who] for name, column in population.facts().items()}
    people = np.vstack([points[who], matrix(facts, PERSON[1:]).T])
    income, told = population.people.income[who], facts["income.monthly_inflow"]
    wants = _needs(population)[who, kind] + _appeal(income, products, kind, monthly, market)
    # The lists of the past knew no needs, and incomes only where an account told them.
    known = np.where(np.isnan(told), float(np.nanmedian(told)), np.maximum(told, 1))
    position = _positions(_appeal(known, products, kind, monthly, market), market, rng)
    seen = rng.random(len(who)) < (1 + position) ** -market.attention_fades
    applied = seen & (rng.random(len(who)) < 1 / (1 + np.exp(-wants)))
    likes = _partner_likes(population, who, points, needed - ranks[who], monthly, market, rng)
    return Interactions(
        person=who,
        draw=rng.random(len(population.people))[who],
        rows=joined(people, products, monthly, needed - ranks[who], position),
        weight=np.ones(len(who)),
        applied=applied,
        decided=applied,
        approved=rng.random(len(who)) < 1 / (1 + np.exp(-likes)),
    )


def _shelf(kind: Indices, market: Market, rng: Generator) -> tuple[Numbers, Numbers, Numbers]:
    """A product for each impression, over the whole range of amounts, terms and costs: PRODUCT, monthly cost, grade asked."""
    count = len(kind)
    is_lent = LENDS[kind]
    low = np.exp(np.log(USUAL_AMOUNTS[kind]) + 0.7 * rng.standard_normal(count))
    high = low * rng.uniform(1, 8, count)
    months_low = np.where(is_lent, rng.choice([1, 3, 6], count), 6)
    months_high = np.maximum(months_low, rng.choice([6, 12, 24, 36], count))
    cost = np.clip(rng.normal(0.13, 0.05, count), 0.0, 0.24)
    monthly = np.where(is_lent, low * (1 / months_high + cost / 12 * 0.6), low)
    lent = [np.where(is_lent, column, np.nan) for column in (low, high)]
    one_hot = np.eye(len(KINDS))[:, kind]
    needed = rng.choice(np.arange(len(GRADES), dtype=float), count, p=market.grades_asked)
    return np.vstack([*lent, months_low, months_high, np.where(is_lent, cost, np.nan), one_hot]), monthly, needed


def _positions(appeal: Numbers, market: Market, rng: Generator) -> Numbers:
    """Where each stood in the list of its person, counted from 0."""
    dimly = (appeal + market.lists_noise * rng.standard_normal(len(appeal))).reshape(-1, market.shown_each)
    return np.argsort(np.argsort(-dimly, axis=1), axis=1).ravel().astype(float)


def _needs(population: Population) -> Numbers:
    """How much each person needs each kind, in logits."""
    people, lives = population.people, population.lives
    needs = {
        ProductKind.LOAN: 0.5 * np.log1p(lives.gap_90d) - 0.4 * people.thrift,
        ProductKind.RENTAL: 0.8 * (people.settled_months < 24) - 0.3,
        ProductKind.ELECTRONICS: 0.5 * people.digital,
    }
    nobodys = np.full(len(people), -0.3)  # nothing about a person tells that they need the other kinds
    return np.column_stack([needs.get(kind, nobodys) for kind in KINDS])


def _appeal(income: Numbers, products: Numbers, kind: Indices, monthly: Numbers, market: Market) -> Numbers:
    """An amount of a person's size draws them; what it costs puts them off."""
    dear = np.nan_to_num(products[ANNUAL_COST], nan=market.cost_usual) - market.cost_usual
    size = np.where(LENDS[kind], products[AMOUNT_MIN] / income, market.size_usual)
    return np.asarray(
        market.applies_base
        - market.dislikes_cost * dear
        - market.dislikes_misfit * np.minimum(np.abs(np.log(size / market.size_usual)), 3)
        - market.dislikes_burden * np.minimum(monthly / income, 1)
    )


def _partner_likes(
    population: Population,
    who: Indices,
    points: Numbers,
    to_spare: Numbers,
    monthly: Numbers,
    market: Market,
    rng: Generator,
) -> Numbers:
    """Partners read the score, look at the burden, and see a little that we do not."""
    return np.asarray(
        market.approves_base
        + market.likes_points * (points[who] - 680) / 40
        - market.dislikes_strain * np.minimum(monthly / population.people.income[who], 2)
        - market.below_grade * (to_spare < 0)
        + 0.5 * rng.standard_normal(len(who))
    )
