"""A model from a lender's own book scores app users like the built-in one: exact, explained, and the same in any company."""

import numpy as np
import pandas as pd
import pytest

from domain.credit.scoring import NotEnoughKnown, Scored
from ml.books.describing import Description
from ml.lab.training import train
from ml.models.artefact import Artefact
from ml.models.promotable import objections
from ml.population.simulating import simulated
from ml.score.explaining import explained
from ml.score.fitting import fit, row_of
from ml.score.scoring import score_with
from tests.ml.conftest import persona

COLUMNS = {
    "LATE": "repayment.late_24m",
    "DAYS": "repayment.worst_delay_days",
    "BUFFER": "income.buffer_days",
    "ASKED": "credit.applications_90d",
    "BILLS": "repayment.bills_on_time_rate",
}
KEYS = ("steady-shopper", "gig-driver", "over-borrowed", "small-shop-owner")


@pytest.fixture(scope="module")
def lenders() -> Artefact:
    """With a category, so that its trees can't be looked up."""
    people = simulated(6_000, seed=9)
    known, facts = people.outcome_known, people.facts()
    book = pd.DataFrame({column: facts[fact][known] for column, fact in COLUMNS.items()})
    book["JOB"] = np.where(people.people.is_unsteady[known], "gig-worker", "employee")
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


def test_who_has_few_of_its_facts_is_not_guessed(lenders: Artefact) -> None:
    assert isinstance(score_with(lenders, persona("steady-shopper", ["wechat"])), NotEnoughKnown)
