"""A model from a lender's own book scores app users like the built-in one: exact, explained, and the same in any company."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts.sheets import FactSheet
from ml.books import inputs
from ml.books.describing import Description
from ml.lab.training import train
from ml.models.artefact import Artefact, contents, from_contents
from ml.models.promotable import objections
from ml.population.simulating import simulated
from ml.score.explaining import explained
from ml.score.fitting import fit, is_thin, never_judged, row_of, rows_of
from ml.score.scoring import score_with
from tests.ml.conftest import persona

COLUMNS = {
    "LATE": "repayment.late_24m",
    "DAYS": "repayment.worst_delay_days",
    "BUFFER": "income.buffer_days",
    "ASKED": "credit.applications_90d",
    "BILLS": "repayment.bills_on_time_rate",
}
CODED = {"LATE": "repayment.late_24m", "ASKED": "credit.applications_90d", "BUFFER": "income.buffer_days"}
KEYS = ("steady-shopper", "gig-driver", "over-borrowed", "small-shop-owner")


@pytest.fixture(scope="module")
def lenders() -> Artefact:
    """With a category, so that its trees can't be looked up."""
    people = simulated(6_000, seed=9)
    known, facts = people.outcome_known, people.facts()
    book = pd.DataFrame({column: facts[fact][known] for column, fact in COLUMNS.items()})
    jobs = np.where(people.people.is_unsteady[known], "gig-worker", "employee")
    book["JOB"] = np.where(np.arange(len(book)) % 5, jobs, "")
    book["BAD"] = people.bad[known].astype(int)
    description = Description(
        target="BAD", bad=("1",), facts={**COLUMNS, "JOB": "profile.occupation"}, monotone={"LATE": 1, "BUFFER": -1}
    )
    return train(book, description, quick=True).artefact


def score(model: Artefact, key: str) -> Scored:
    answer = score_with(model, persona(key))
    assert isinstance(answer, Scored)
    return answer


def test_nothing_is_in_the_way_of_its_promotion(lenders: Artefact) -> None:
    assert (objections(lenders), lenders.simulated) == ([], False)


def test_its_factors_add_up(lenders: Artefact) -> None:
    for key in KEYS:
        answer = score(lenders, key)
        assert answer.base_points + sum(factor.effect for factor in answer.factors) == answer.points


def test_it_tells_the_steady_from_the_over_borrowed(lenders: Artefact) -> None:
    assert score(lenders, "steady-shopper").points > score(lenders, "over-borrowed").points + 60
    assert {"PAID_LATE", "MANY_APPLICATIONS"} & {reason.code for reason in score(lenders, "over-borrowed").reasons}


def test_one_person_is_explained_alike_in_any_company(lenders: Artefact) -> None:
    rows = np.array([fit(lenders, row_of(lenders, persona(key))) for key in KEYS], dtype=object)
    together = explained(lenders, rows)
    for index in range(len(KEYS)):
        alone = explained(lenders, rows[index : index + 1])
        assert np.array_equal(alone.effects[0], together.effects[index])
        assert alone.log_odds[0] == together.log_odds[index]


class TestSentinelCodes:
    """A book that writes -9 for what it does not know, and never leaves a cell empty."""

    @pytest.fixture(scope="class")
    @classmethod
    def coded(cls) -> Artefact:
        people = simulated(6_000, seed=9)
        known, facts = people.outcome_known, people.facts()
        book = pd.DataFrame({column: facts[fact][known] for column, fact in CODED.items()}).fillna(-9.0)
        lot = np.random.default_rng(4)
        # Whoever is unknown repays worse, which only the code tells.
        book["LATE"] = book["LATE"].mask(lot.random(len(book)) < 0.2, -9.0)
        chance = np.where(book["LATE"] == -9, 0.45, 0.08 + 0.1 * book["LATE"].clip(0, 4))
        book["BAD"] = (lot.random(len(book)) < chance).astype(int)
        return train(book, Description(target="BAD", bad=("1",), facts=CODED), quick=True).artefact

    def test_an_unknown_person_is_scored_as_the_code_was_in_training(self, coded: Artefact) -> None:
        flag = next(each for each in coded.inputs if each.name == "LATE = -9")
        assert flag.unknown
        row = row_of(coded, sheet_without("repayment.late_24m"))
        assert dict(zip((each.name for each in coded.inputs), row, strict=True))["LATE = -9"] == 1.0
        cells = pd.DataFrame({"LATE": ["-9", "0"], "ASKED": ["1", "1"], "BUFFER": ["20", "20"]}, dtype=object)
        trained = coded.log_odds(inputs.values(coded.inputs, cells).to_numpy(dtype=object))
        live = coded.log_odds(
            np.array([fit(coded, row_of(coded, sheet_without(*gone))) for gone in (["repayment.late_24m"], [])], object)
        )
        np.testing.assert_array_equal(live, trained)
        assert live[0] > live[1] + 1.0

    def test_one_at_a_time_and_all_at_once_are_the_same(self, coded: Artefact) -> None:
        columns = {fact: np.array([np.nan]) for fact in CODED.values()}
        np.testing.assert_array_equal(
            rows_of(coded, columns)[0], np.array(fit(coded, row_of(coded, sheet_without(*CODED.values()))), float)
        )

    def test_three_facts_are_enough_for_a_model_of_three_facts(self, coded: Artefact) -> None:
        assert len(coded.inputs) > 3
        assert not is_thin(coded, row_of(coded, sheet_without()))
        assert is_thin(coded, row_of(coded, sheet_without("repayment.late_24m")))

    def test_it_keeps_its_name_when_it_is_read_again(self, coded: Artefact) -> None:
        assert from_contents(coded.version, contents(coded)).version == coded.version


class TestWhatNoLoanLacked:
    """A book without a gap in a column teaches nothing of people of whom that is unknown."""

    @pytest.fixture(scope="class", params=[0.0, 0.3])
    @classmethod
    def full(cls, request: pytest.FixtureRequest) -> Artefact:
        """The share of gaps in ASKED; the others have none."""
        lot, rows = np.random.default_rng(4), 3_000
        book = pd.DataFrame(
            {
                "LATE": lot.poisson(0.6, rows),
                "ASKED": np.where(lot.random(rows) < request.param, np.nan, lot.poisson(0.6, rows)),
                "BUFFER": lot.exponential(30, rows).round(),
                "DAYS": lot.poisson(2, rows),
                "BILLS": lot.integers(1, 40, rows),
                "JOB": lot.choice(["gig-worker", "employee"], rows),
            }
        )
        risk = -2.2 + 0.8 * book["LATE"] + 0.8 * book["ASKED"].fillna(1) - 0.02 * book["BUFFER"]
        book["BAD"] = (lot.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
        facts = {**CODED, "DAYS": "repayment.worst_delay_days", "BILLS": "repayment.bill_months"}
        facts["JOB"] = "profile.occupation"
        return train(book, Description(target="BAD", bad=("1",), facts=facts), quick=True).artefact

    def test_who_lacks_it_is_not_guessed_and_gains_nothing(self, full: Artefact) -> None:
        assert isinstance(score_with(full, sheet_with()), Scored)
        for fact in (*CODED.values(), "profile.occupation"):
            answer = score_with(full, sheet_with(**{fact: None}))
            learned = fact == "credit.applications_90d" and fact not in {
                each.fact for each in full.inputs if each.name in full.never_lacked
            }
            assert isinstance(answer, Scored) == learned, fact
            assert learned or (isinstance(answer, NotEnoughKnown) and answer.code == "THIN")

    def test_what_a_third_of_the_book_lacked_is_learned_apart_from_the_lowest(self, full: Artefact) -> None:
        if "ASKED" in full.never_lacked:
            assert never_judged(full, row_of(full, sheet_with(**{"credit.applications_90d": None}))) == ("ASKED",)
            return
        told = [score_with(full, sheet_with(**{"credit.applications_90d": asked})) for asked in (0, None, 4)]
        points = [each.points for each in told if isinstance(each, Scored)]
        assert points == sorted(points, reverse=True) and len(set(points)) == 3

    def test_it_is_said_in_training(self, full: Artefact) -> None:
        names = [each.name for each in full.inputs if each.name in full.never_lacked]
        said = next(each for each in full.card["warnings"] if "lacks" in each)
        assert said.startswith(f"Hardly any loan lacks {', '.join(names)}, so the model cannot judge people")


def sheet_with(**changes: float | str | None) -> FactSheet:
    values: dict[str, float | str | None] = {
        "repayment.late_24m": 0,
        "credit.applications_90d": 1,
        "income.buffer_days": 20,
        "repayment.worst_delay_days": 2,
        "repayment.bill_months": 12,
        "profile.occupation": "employee",
    }
    known = {name: value for name, value in {**values, **changes}.items() if value is not None}
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return FactSheet(known, frozenset({"wechat"}), simulated=True, as_of=now)


@pytest.mark.parametrize("word", ["unknown", "无", "?", "-9", "999", "NA", ""])
def test_a_word_for_unknown_is_what_an_unknown_person_is(word: str) -> None:
    """Whichever word or code the book has for it, the same loan with that word and a person of whom it is unknown are told the same."""
    lot, rows = np.random.default_rng(4), 2_000
    jobs = lot.choice(["gig-worker", "employee", "nobody"], rows)
    book = pd.DataFrame({"LATE": lot.poisson(0.6, rows), "ASKED": lot.poisson(0.6, rows), "JOB": jobs})
    book["BAD"] = (lot.random(rows) < np.where(jobs == "nobody", 0.5, 0.1)).astype(int)
    book["JOB"] = book["JOB"].replace("nobody", word)
    facts = {"LATE": "repayment.late_24m", "ASKED": "credit.applications_90d", "JOB": "profile.occupation"}
    model = train(book, Description(target="BAD", bad=("1",), facts=facts), quick=True).artefact
    cells = pd.DataFrame({"LATE": ["0", "0"], "ASKED": ["1", "1"], "JOB": [word, "employee"]}, dtype=object)
    trained = model.log_odds(inputs.values(model.inputs, cells).to_numpy(dtype=object))
    people = [sheet_with(**{"profile.occupation": job}) for job in (None, "employee")]
    live = model.log_odds(np.array([fit(model, row_of(model, each)) for each in people], object))
    np.testing.assert_array_equal(live, trained)
    assert live[0] > live[1] + 1.0
    assert never_judged(model, row_of(model, people[0])) == ()


def test_text_for_a_number_is_believed_by_nobody(lenders: Artefact) -> None:
    sheet = persona("steady-shopper")
    for odd in ("NA", "", "-9"):
        values = {**sheet.values, "repayment.late_24m": odd}
        answer = score_with(lenders, replace(sheet, values=values))
        assert isinstance(answer, NotEnoughKnown) and answer.code == "OUT_OF_RANGE"


def sheet_without(*gone: str) -> FactSheet:
    known = {"repayment.late_24m": 0, "credit.applications_90d": 1, "income.buffer_days": 20}
    values = {name: value for name, value in known.items() if name not in gone}
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return FactSheet(values, frozenset({"wechat"}), simulated=True, as_of=now)


def test_a_fact_that_no_model_may_read_is_in_the_way(lenders: Artefact) -> None:
    for fact, why in (
        ("profile.birth_date", ", which no model may read."),
        ("nobody.knows", ", and there is no such fact."),
        ("income.monthly_inflows", ", and there is no such fact; did you mean income.monthly_inflow?"),
    ):
        odd = replace(lenders, inputs=(replace(lenders.inputs[0], fact=fact), *lenders.inputs[1:]))
        assert objections(odd) == [f"The input {odd.inputs[0].name} reads {fact}{why}"]


def test_another_unit_than_that_of_the_fact_is_in_the_way(lenders: Artefact) -> None:
    bills = next(each for each in lenders.inputs if each.name == "BILLS")
    learned = lenders.profile["inputs"]
    percent = {**learned, "BILLS": {**learned["BILLS"], "edges": [100 * edge for edge in learned["BILLS"]["edges"]]}}
    (why,) = objections(replace(lenders, profile={**lenders.profile, "inputs": percent}))
    assert why.startswith("The input BILLS mostly lies between ")
    assert why.endswith("but repayment.bills_on_time_rate between 0 and 1 share: is it in another unit?")
    assert bills.fact == "repayment.bills_on_time_rate"


def test_who_has_few_of_its_facts_is_not_guessed(lenders: Artefact) -> None:
    assert isinstance(score_with(lenders, persona("steady-shopper", ["wechat"])), NotEnoughKnown)
