"""What is there to be found is found, and nothing else."""

import numpy as np
import pytest

from ml.books.findings import BookRefused, Notes
from ml.ranking import evaluating, rankers, showing
from ml.ranking.evaluating import Evaluation, evaluate
from ml.ranking.table import checked
from tests.ml.ranking.tables import habits, tastes


def silent(label: str, share: float) -> None:
    pass


def found(frame: "object") -> Evaluation:
    notes = Notes()
    return evaluate(checked(frame, notes), notes, seed=1, progress=silent)  # type: ignore[arg-type]


def test_taste_that_hangs_on_the_town_is_found() -> None:
    result = found(tastes())
    told = {line.name: line.measured.figures["ndcg@5"] for line in result.lines}
    assert list(told) == ["popularity", "cooccurrence", "pointwise", "yetirank"]
    assert result.chosen in ("pointwise", "yetirank")
    assert told["pointwise"] > told["popularity"] + 0.15
    assert told["yetirank"] > told["popularity"] + 0.15
    popularity = result.lines[0]
    assert popularity.gain_interval[0] > 0.1
    assert popularity.intervals["ndcg@5"][0] < told["popularity"] < popularity.intervals["ndcg@5"][1]
    assert any("no time column" in warning for warning in result.notes.warnings)


def test_habits_are_found_in_the_past() -> None:
    told = {line.name: line.measured.figures["ndcg@5"] for line in found(habits()).lines}
    assert told["own-history"] > 0.8
    assert told["popularity"] < 0.65
    assert max(told["pointwise"], told["yetirank"]) > told["own-history"] - 0.03


def test_what_clearly_beats_both_is_chosen_and_said() -> None:
    notes = Notes()
    rng = np.random.default_rng(1)
    held = {"popularity": rng.random(50), "pointwise": rng.random(50) / 9, "yetirank": rng.random(50) / 8}
    assert evaluating.choose(held, notes) == "popularity"
    assert "rank by popularity" in notes.warnings[0]
    even = {
        "popularity": held["yetirank"] + 0.01 * rng.normal(size=50),
        **dict.fromkeys(("pointwise", "yetirank"), held["yetirank"]),
    }
    assert evaluating.choose(even, notes) == "pointwise"
    assert len(notes.warnings) == 1


@pytest.mark.parametrize(
    ("given", "everything", "both", "best"),
    [(0.70, 0.60, 0.69, "given"), (0.60, 0.70, 0.69, "all"), (0.70, 0.60, 0.699, "both"), (0.60, 0.61, 0.62, "both")],
)
def test_the_mean_of_both_ranks_unless_one_is_better(given: float, everything: float, both: float, best: str) -> None:
    found = rankers.best_inputs({"given": np.array([given]), "all": np.array([everything]), "both": np.array([both])})
    assert found == best


def test_where_nothing_can_be_found_nothing_is() -> None:
    frame = tastes()
    frame["label"] = np.where(np.random.default_rng(0).random(len(frame)) < 0.3, "1", "0")
    for line in found(frame).lines:
        assert line.gain_interval[0] <= 0.03 and line.gain_interval[1] >= -0.03


def test_the_printed_object_is_that_of_the_contract() -> None:
    frame = tastes(160)
    frame["label"] = np.where(frame["label"] == "1", "3", "0")
    printed = showing.of_evaluation(found(frame))
    assert (printed["rows"], printed["users"], printed["items"]) == (1_280, 160, 8)
    assert {"name", "ndcg@1", "ndcg@5", "map@7", "coverage", "novelty", "seconds"} <= set(printed["models"][0])
    assert printed["chosen"] in [model["name"] for model in printed["models"]]


def test_too_few_users_are_refused() -> None:
    with pytest.raises(BookRefused, match="users with unequal labels are left"):
        found(tastes(8))
