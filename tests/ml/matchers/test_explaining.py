"""A reason is true, and it is really what pushes the product up."""

from collections.abc import Collection
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np

from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market import quoting
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.matching.matcher import OddsBand
from infra.words import say
from ml.matchers import explaining, values
from ml.matchers.sentences import sentences
from ml.matchers.values import WEIGHTS
from ml.models.matcher import MatchArtefact
from ml.models.pairs import COLUMNS, of_candidates
from tests.ml.matchers.conftest import any_product, candidates_of, product, scored, sheet, shelf_of


def told(
    model: MatchArtefact | None,
    *products: Product,
    score: Scored | None = scored(),
    who: FactSheet | None = None,
) -> list[dict[str, Any]]:
    """For each product its reasons: code -> values."""
    candidates, who = candidates_of(shelf_of(*products)), who or sheet()
    rows = of_candidates(who, score, candidates)
    found = explaining.reasons(model, WEIGHTS, rows, score, candidates, np.arange(len(products)), tuple(OddsBand))
    return [{reason.code: reason.values for reason in reasons} for reasons in found]


def true_of(
    model: MatchArtefact | None,
    *products: Product,
    score: Scored | None = scored(),
    who: FactSheet | None = None,
    kept: Collection[OddsBand] = tuple(OddsBand),
) -> list[dict[str, Reason]]:
    """What could be said of each, pushing or not."""
    candidates, who = candidates_of(shelf_of(*products)), who or sheet()
    rows = of_candidates(who, score, candidates)
    found = sentences(model, rows, score, candidates, np.arange(len(products)), kept)
    return [{each.reason.code: each.reason for each in those} for those in found]


def rental(number: int, rent: int, **changes: Any) -> Product:
    return product(number, kind=ProductKind.RENTAL, amount_min=rent, amount_max=rent, annual_rate=None, **changes)


class TestTruth:
    def test_the_share_of_income_is_never_told_too_small(self, matcher: MatchArtefact) -> None:
        assert true_of(matcher, rental(1, 80_100))[0]["EASY_TO_CARRY"].values == {"percent": 11}

    def test_nothing_is_said_of_an_income_that_is_not_known(self, matcher: MatchArtefact) -> None:
        assert "EASY_TO_CARRY" in true_of(matcher, product())[0]
        assert "EASY_TO_CARRY" not in true_of(matcher, product(), who=sheet(income=None))[0]

    def test_a_grade_is_praised_only_where_one_is_asked_for_and_met(self, matcher: MatchArtefact) -> None:
        asked = [product(n, grade_at_least=grade) for n, grade in enumerate((Grade.C, Grade.A, Grade.D, None))]
        assert ["MEETS_GRADE" in codes for codes in true_of(matcher, *asked)] == [True, False, False, False]
        assert ["ANY_GRADE" in codes for codes in true_of(matcher, *asked)] == [False, False, True, True]
        assert not any("MEETS_GRADE" in codes for codes in true_of(matcher, *asked, score=None))

    def test_a_low_cost_is_low_among_its_own_kind_fees_included(self, matcher: MatchArtefact) -> None:
        loans = [product(n, annual_rate=Decimal(4 * n) / 100) for n in range(5)]
        cheap_only_at_first_sight = product(6, annual_rate=Decimal("0.01"), fee_rate=Decimal("0.1"))
        other = product(7, kind=ProductKind.ELECTRONICS, annual_rate=Decimal("0.2"))
        codes = true_of(matcher, *loans, cheap_only_at_first_sight, other)
        assert [set(each) & {"NO_INTEREST", "LOW_RATE"} for each in codes] == [
            {"NO_INTEREST"}, {"LOW_RATE"}, set(), set(), set(), set(), set()
        ]  # fmt: skip

    def test_a_low_cost_is_told_as_it_is_quoted_beside_it(self, matcher: MatchArtefact) -> None:
        """Of a small amount the cents weigh: what it costs is not what its rate alone would make of it."""
        small = [product(n, amount_min=1_000, amount_max=1_000, annual_rate=Decimal(n) / 50) for n in range(1, 4)]
        said = true_of(matcher, *small)[0]["LOW_RATE"].values["percent"]
        quoted = quoting.quote(small[0], 1_000, 12).annual_cost
        assert said == f"{float(quoted) * 100:g}" != "2"

    def test_a_rental_lends_nothing_so_it_is_not_praised_for_no_interest(self, matcher: MatchArtefact) -> None:
        assert "NO_INTEREST" not in true_of(matcher, rental(1, 50_000))[0]

    def test_often_approved_is_said_only_of_high_odds_in_a_band_that_keeps_its_word(
        self, matcher: MatchArtefact
    ) -> None:
        good = scored(800, Grade.A)
        assert "OFTEN_APPROVED" in true_of(matcher, product(), score=good)[0]
        assert "OFTEN_APPROVED" not in true_of(matcher, product(), score=good, kept=[OddsBand.LOW])[0]
        assert "OFTEN_APPROVED" not in true_of(matcher, product(grade_at_least=Grade.A), score=scored(500, Grade.D))[0]
        assert "OFTEN_APPROVED" not in true_of(matcher, product(), score=None)[0]


class TestPush:
    def test_every_reason_pushes_and_the_strongest_comes_first(self, matcher: MatchArtefact) -> None:
        luck = Random(2)
        shelf = shelf_of(*[any_product(n, luck) for n in range(1, 121)])
        candidates = candidates_of(shelf)
        rows, shown = of_candidates(sheet(), scored(), candidates), np.arange(120)
        true = sentences(matcher, rows, scored(), candidates, shown, tuple(OddsBand))
        pushes, of_odds = explaining.pushed(matcher, WEIGHTS, rows, shown, is_scored=True)
        found = explaining.reasons(matcher, WEIGHTS, rows, scored(), candidates, shown, tuple(OddsBand))
        withheld = 0
        for place, reasons in enumerate(found):
            strength = {
                each.reason.code: (of_odds if each.is_of_odds else pushes)[place, [COLUMNS.index(c) for c in each.columns]].sum()
                for each in true[place]
            }  # fmt: skip
            pushing = sorted((code for code in strength if strength[code] > 0), key=lambda code: -strength[code])
            assert [reason.code for reason in reasons] == (pushing[:3] or ["AVAILABLE"])
            withheld += len(strength) - len(pushing)
        assert withheld > 0, "what is true and does not push is not told"

    def test_pushes_add_up_to_what_the_models_say(self, matcher: MatchArtefact) -> None:
        luck = Random(3)
        candidates = candidates_of(shelf_of(*[any_product(n, luck) for n in range(1, 41)]))
        rows = of_candidates(sheet(), scored(), candidates)
        for trees, leaves in ((matcher.odds, matcher.odds_leaves), (matcher.relevance, matcher.relevance_leaves)):
            from catboost import Pool

            raw, added = leaves.explained(rows)
            assert np.allclose(raw, trees.predict(rows), rtol=0, atol=1e-12)
            shap = trees.get_feature_importance(Pool(rows), type="ShapValues")
            assert np.allclose(added, shap[:, :-1], rtol=0, atol=1e-9)

    def test_a_push_is_how_the_value_would_move(self, matcher: MatchArtefact) -> None:
        """The logarithm of the value, less the base, is about the sum of all pushes where they are small."""
        luck = Random(5)
        candidates = candidates_of(shelf_of(*[any_product(n, luck) for n in range(1, 201)]))
        rows, shown = of_candidates(sheet(), scored(), candidates), np.arange(200)
        pushes = explaining.pushed(matcher, WEIGHTS, rows, shown, is_scored=True)[0].sum(axis=1)
        odds, wish = matcher.chances(rows)
        assert odds is not None
        value = np.log(values.value_of(WEIGHTS, rows, odds, wish))
        assert np.corrcoef(pushes, value)[0, 1] > 0.9

    def test_there_is_always_one_and_never_more_than_three(self, matcher: MatchArtefact) -> None:
        poor = product(grade_at_least=Grade.A, term_months=[12], amount_min=9_000_000, amount_max=9_000_000)
        assert told(matcher, poor, who=sheet(income=3_000), score=scored(400, Grade.D)) == [{"AVAILABLE": {}}]
        luck = Random(6)
        many = told(matcher, *[any_product(n, luck) for n in range(1, 101)])
        assert {len(reasons) for reasons in many} == {1, 2, 3}

    def test_without_a_model_only_costs_are_a_reason(self) -> None:
        loans = [product(n, annual_rate=Decimal(4 * n) / 100, amount_min=900_000) for n in range(5)]
        first, second, third, *_ = told(None, *loans, who=sheet(income=100))
        assert (first, second, third) == (
            {"NO_INTEREST": {}},
            {"LOW_RATE": {"percent": "4", "count": 5}},
            {"AVAILABLE": {}},
        )

    def test_nothing_shown_needs_no_reason(self, matcher: MatchArtefact) -> None:
        candidates = candidates_of(shelf_of(product()), [])
        rows = np.empty((0, len(COLUMNS)))
        assert (
            explaining.reasons(matcher, WEIGHTS, rows, scored(), candidates, np.empty(0, np.intp), tuple(OddsBand))
            == []
        )


def test_reasons_are_said_in_both_languages() -> None:
    loans = [product(n, annual_rate=Decimal(4 * n) / 100) for n in range(1, 6)]
    low = true_of(None, *loans)[0]["LOW_RATE"]
    assert (
        say(low.message, "en", **low.values) == "All told it costs 4 % a year, which is among the lowest of 5 like it."
    )
    assert say(low.message, "zh", **low.values) == "综合年化成本为 4%，在 5 款同类产品中属于较低水平。"
