"""Products are ranked by what is good for the person: the order of the engine is that of a plain calculation."""

from datetime import date
from decimal import Decimal
from math import exp, isnan, nan
from random import Random
from typing import Any

import numpy as np
import pytest

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.matching.matcher import Candidates, Ranking
from ml.matchers import values
from ml.matchers.ranking import ranked
from ml.matchers.values import WEIGHTS
from ml.models.features import vector
from ml.models.matcher import MatchArtefact
from ml.models.pairs import COLUMNS, PERSON, of_candidates
from tests.ml.matchers.conftest import any_product, candidates_of, product, scored, sheet, shelf_of

KINDS = list(ProductKind)


def rank(model: MatchArtefact, candidates: Candidates, who: FactSheet, score: Scored | None) -> Ranking:
    return ranked(model, WEIGHTS, of_candidates(who, score, candidates), is_scored=score is not None)


def usual(model: MatchArtefact, *products: Product, score: Scored | None = scored(), **facts: Any) -> Ranking:
    return rank(model, candidates_of(shelf_of(*products)), sheet(**facts), score)


def row_by_hand(who: FactSheet, score: Scored | None, candidates: Candidates, place: int) -> list[float]:
    """One row of COLUMNS, from the product itself, in plain Python."""
    row = int(candidates.rows[place])
    one = candidates.shelf.product(row)
    lent = one.annual_rate is not None
    known = [nan if value is None else float(value) for value in vector(who, PERSON[1:])]
    income, monthly = known[0], int(candidates.monthly_cost[place]) / 100
    income = income if income > 0 else nan
    low, high = (one.amount_min / 100, one.amount_max / 100) if lent else (nan, nan)
    cost = float(candidates.shelf.columns.annual_cost[row]) if lent else nan
    spare = "ABCD".index(one.grade_at_least or "D") - (nan if score is None else "ABCD".index(score.grade))
    return [
        nan if score is None else float(score.points), *known,
        low, high, one.term_months[0], one.term_months[-1], cost, *(float(one.kind == kind) for kind in KINDS),
        monthly, monthly / income, low / income, spare, 0.0,
    ]  # fmt: skip


def value_by_hand(model: MatchArtefact, row: list[float]) -> float:
    """Both chances by a call of their own, and the value as its weights say."""
    known = dict(zip(COLUMNS, row, strict=True))
    wish_raw, odds_raw = (float(trees.predict([row])[0]) for trees in (model.relevance, model.odds))
    wish = 1 / (1 + exp(-(model.relevance_platt.shift + model.relevance_platt.slope * wish_raw)))
    odds = 1 / (1 + exp(-(model.odds_platt.shift + model.odds_platt.slope * odds_raw)))
    cost = 0 if isnan(known["annual_cost"]) else known["annual_cost"]
    share = 0 if isnan(known["cost_to_income"]) else known["cost_to_income"]
    strain = min(max(share - 1 / 3, 0), 1)
    monthly = known["monthly_cost"]
    kept = 1 - 1.0 * min(cost, 0.4) - 0.5 * strain - 0.02 * monthly / (monthly + 1000)
    return wish * (1 if isnan(known["points"]) else odds) * kept


@pytest.mark.parametrize("score", [scored(), None], ids=["scored", "unscored"])
def test_the_order_is_that_of_a_calculation_by_hand(matcher: MatchArtefact, score: Scored | None) -> None:
    luck = Random(4)
    shelf = shelf_of(*[any_product(n, luck) for n in range(1, 301)])
    candidates = candidates_of(shelf, sorted(luck.sample(range(300), 250)))
    who = sheet(income=6_300, **{"income.stability": 0.8})
    found = rank(matcher, candidates, who, score)
    rows = [row_by_hand(who, score, candidates, place) for place in range(250)]
    assert np.allclose(of_candidates(who, score, candidates), rows, rtol=0, atol=1e-9, equal_nan=True)
    values = [value_by_hand(matcher, row) for row in rows]
    assert np.allclose(found.value, values, rtol=1e-12, atol=0)
    assert found.order.tolist() == sorted(range(250), key=lambda place: (-values[place], place))


def test_sponsoring_moves_nothing(matcher: MatchArtefact) -> None:
    found = usual(matcher, product(1), product(2, sponsored=True))
    assert found.order.tolist() == [0, 1]
    assert found.value[0] == found.value[1]
    assert next(each.weight for each in WEIGHTS.written() if each.name == "sponsored") == 0


def test_equal_products_stay_in_the_order_of_the_shelf(matcher: MatchArtefact) -> None:
    assert usual(matcher, *[product(n) for n in range(1, 41)]).order.tolist() == list(range(40))


def test_odds_rise_with_points_and_fall_with_the_burden(matcher: MatchArtefact) -> None:
    weak, strong = (
        usual(matcher, product(), score=score).odds[0] for score in (scored(620, Grade.C), scored(760, Grade.A))
    )
    assert weak < strong
    rentals = [product(n, kind=ProductKind.RENTAL, amount_min=rent, amount_max=rent, annual_rate=None)
               for n, rent in enumerate((20_000, 400_000))]  # fmt: skip
    light, heavy = usual(matcher, *rentals).odds
    assert heavy < light


def test_a_grade_below_what_is_asked_is_seldom_approved(matcher: MatchArtefact) -> None:
    assert usual(matcher, product(grade_at_least=Grade.A), score=scored(640, Grade.C)).odds[0] < 0.35


def test_without_a_score_there_are_no_odds(matcher: MatchArtefact) -> None:
    found = usual(matcher, product(1), product(2), score=None)
    assert np.isnan(found.odds).all()
    assert ((found.wish > 0) & (found.wish < 1)).all()


def test_nothing_known_of_a_person_is_ranked_all_the_same(matcher: MatchArtefact) -> None:
    found = usual(matcher, product(1, annual_rate=Decimal("0.2")), product(2), score=None, income=None)
    assert found.order.tolist() == [1, 0]
    assert (found.value > 0).all()


def test_a_product_that_nobody_has_seen_is_judged_by_its_columns(matcher: MatchArtefact) -> None:
    """No product is known by its name: a new one ranks where its twin does, on any shelf."""
    known = usual(matcher, *[product(n, annual_rate=Decimal(n) / 100) for n in range(1, 20)])
    new = usual(matcher, product(900, annual_rate=Decimal("0.07")))
    assert (new.odds[0], new.wish[0], new.value[0]) == (known.odds[6], known.wish[6], known.value[6])


def dearer(one: Product, luck: Random) -> Product:
    """The same product for a higher price: a higher rate, a higher fee or both; of a rental, a higher rent."""
    copy: dict[str, Any] = {
        name: getattr(one, name) for name in ("kind", "term_months", "grade_at_least", "fee_rate", "annual_rate")
    }
    copy |= {"amount_min": one.amount_min, "amount_max": one.amount_max}
    if one.kind is ProductKind.RENTAL:
        rent = int(one.amount_min * luck.choice([1.0005, 1.01, 1.3, 4]))
        copy |= {"amount_min": rent, "amount_max": rent}
    else:
        assert one.annual_rate is not None
        copy["annual_rate"] = one.annual_rate + Decimal(luck.choice(["0", "0.001", "0.05"]))
        copy["fee_rate"] = one.fee_rate + Decimal(luck.choice(["0.001", "0.02"]))
    return product(one.id.int + 1, **copy)


@pytest.mark.parametrize("seed", range(3))
def test_of_two_products_that_differ_only_in_price_nobody_sees_the_dearer_first(
    matcher: MatchArtefact, seed: int
) -> None:
    luck = Random(seed)
    pairs = [(one, dearer(one, luck)) for one in (any_product(2 * n, luck) for n in range(1, 301))]
    swapped = [each for pair in pairs for each in pair]
    shelf = shelf_of(*swapped)
    candidates = candidates_of(shelf)
    for _ in range(8):
        who = sheet(luck.choice([None, 0, luck.randint(500, 40_000)]), **{"income.buffer_days": luck.randint(0, 90)})
        score = luck.choice([None, scored(luck.randint(350, 950), luck.choice(list(Grade)))])
        found = rank(matcher, candidates, who, score)
        cheap, dear = slice(0, None, 2), slice(1, None, 2)
        assert (found.value[cheap] > found.value[dear]).all()
        assert (found.wish[cheap] >= found.wish[dear]).all()
        if score is not None:
            assert (found.odds[cheap] >= found.odds[dear]).all()


def test_whatever_costs_more_is_worth_less_and_never_nothing(matcher: MatchArtefact) -> None:
    found = usual(matcher, *[product(n, annual_rate=Decimal(n) / 100) for n in range(100)], income=100)
    assert (np.diff(found.value[:30]) < 0).all()
    assert (found.value > 0).all()


def test_the_matrix_is_read_anew_when_the_shelf_changes(matcher: MatchArtefact) -> None:
    old, new = shelf_of(product(1)), shelf_of(product(1, annual_rate=Decimal("0.2")))
    first, second, again = (of_candidates(sheet(), scored(), candidates_of(shelf)) for shelf in (old, new, old))
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, second, equal_nan=True)


def test_who_somebody_is_by_birth_or_place_is_no_input(matcher: MatchArtefact) -> None:
    told: dict[str, Any] = {
        "profile.birth_date": date(1961, 2, 3),
        "profile.region": "CN-SH",
        "profile.occupation": "student",
    }
    plain = usual(matcher, product(1), product(2, annual_rate=Decimal("0.1")))
    known = usual(matcher, product(1), product(2, annual_rate=Decimal("0.1")), **told)
    assert np.array_equal(plain.value, known.value)
    assert not set(COLUMNS) & set(told)


@pytest.mark.parametrize(
    "among", [[0.5, 0.25, 0.5, 0.125], [0.5, np.nextafter(0.5, 1)], [0.5, 0.0, 0.25, 0.0], [0.3], []]
)
def test_the_best_come_first_and_equal_ones_as_they_came(among: list[float]) -> None:
    value = np.array(among * 3, float)
    assert values.best_first(value).tolist() == sorted(range(len(value)), key=lambda place: -value[place])
