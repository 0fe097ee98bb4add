"""What is there to be found is found, and nothing else."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ml.books.findings import BookRefused, Notes
from ml.ranking import evaluating, rankers, showing
from ml.ranking.evaluating import Evaluation, evaluate
from ml.ranking.table import checked
from tests.ml.ranking.tables import coins, habits, tastes


def silent(label: str, share: float) -> None:
    pass


def found(frame: "object") -> Evaluation:
    notes = Notes()
    return evaluate(checked(frame, notes), notes, seed=1, progress=silent)  # type: ignore[arg-type]


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """What knows a label shows in the first trees."""
    monkeypatch.setattr(rankers, "_growth", lambda rows, loss: {"iterations": 25, "learning_rate": 0.3, "od_wait": 10})


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


@pytest.mark.parametrize(("apart", "rounds"), [(60.0, 1), (60.0, 3), (0.0, 1)])
@pytest.mark.usefixtures("few_trees")
def test_coins_end_at_chance_for_every_ranker(apart: float, rounds: int) -> None:
    """However far apart the rows of a list were written down, none of them knows what came of another."""
    frame = coins(apart=apart, rounds=rounds)
    result = found(frame)
    # A list by lot puts something liked first as often as its rows are liked, of users who prefer something.
    last = frame.drop_duplicates(["user_id", "item_id"], keep="last").groupby("user_id")["label"]
    chance = float(last.mean()[last.max() > last.min()].mean())
    for line in result.lines:
        first = line.measured.per_user[:, 0]
        error = np.nanstd(first) / np.sqrt(result.judged_users)
        assert abs(line.measured.figures["ndcg@1"] - chance) < 4 * error, line.name
    assert not result.is_too_good and result.notes.leaks == []


LAID: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "all at one time": lambda frame: frame.assign(time=1.0),
    "what is liked stands first, and was written down first": lambda frame: _in_order_of(frame, ["user_id", "label"]),
    "all that is liked was written down last": lambda frame: _in_order_of(frame, ["label"], liked_first=False),
    "half of the lists of one": lambda frame: frame.assign(
        user_id=np.where(frame["user_id"] < 200, frame["user_id"], 1_000 + np.arange(len(frame)))
    ),
    "users numbered by how much they like": lambda frame: frame.assign(
        user_id=frame["user_id"].map(frame.groupby("user_id")["label"].mean().rank(method="first"))
    ),
}


def _in_order_of(frame: pd.DataFrame, names: list[str], *, liked_first: bool = True) -> pd.DataFrame:
    """In the file and in time, a minute apart."""
    laid = frame.sort_values(names, ascending=[name != "label" or not liked_first for name in names], kind="stable")
    return laid.reset_index(drop=True).assign(time=lambda each: np.arange(len(each)) * 60.0)


@pytest.mark.parametrize("laid", LAID)
@pytest.mark.usefixtures("few_trees")
def test_however_coins_are_laid_nobody_guesses_them(laid: str) -> None:
    frame = LAID[laid](coins(apart=60.0))
    lists = frame.groupby("user_id")["label"].agg(["mean", "max", "min"])
    chance = float(lists["mean"][lists["max"] > lists["min"]].mean())
    result = found(frame)
    for line in result.lines:
        first = line.measured.per_user[:, 0]
        error = np.nanstd(first) / np.sqrt(result.judged_users)
        assert abs(line.measured.figures["ndcg@1"] - chance) < 4 * error, line.name
    assert not result.is_too_good and result.notes.leaks == []


@pytest.mark.usefixtures("few_trees")
def test_a_place_that_tells_what_is_liked_is_too_good() -> None:
    """As where a log keeps the list as people left it, with what they took on top."""
    frame = _in_order_of(coins(apart=0.0), ["user_id", "label"])
    result = found(frame.assign(i_place=frame.groupby("user_id").cumcount()))
    assert result.is_too_good


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("name", ["u_leak", "i_leak"])
@pytest.mark.parametrize("values", [("1", "0"), ("yes", "no")])
def test_a_column_that_knows_the_label_is_named(name: str, values: tuple[str, str]) -> None:
    frame = tastes()
    frame[name] = np.where(frame["label"] == "1", *values)
    result = found(frame)
    assert result.is_too_good
    assert result.notes.leaks == [name]
    assert any(f"{name} alone tells what is liked" in warning for warning in result.notes.warnings)
    assert any("too good to be true" in warning for warning in result.notes.warnings)
    printed = showing.of_evaluation(result)
    assert (printed["leaks"], printed["too_good"]) == ([name], True)


@pytest.mark.usefixtures("few_trees")
def test_two_columns_that_know_it_together_are_too_good_though_neither_is() -> None:
    frame = tastes()
    half = np.random.default_rng(2).integers(0, 2, len(frame))
    frame["i_one"] = half.astype(str)
    frame["i_other"] = (half ^ (frame["label"] == "1").to_numpy()).astype(str)
    result = found(frame)
    assert result.notes.leaks == []
    assert result.is_too_good


def test_coins_without_times_end_at_chance_for_every_ranker() -> None:
    frame = coins(apart=0.0).drop(columns="time")
    lists = frame.groupby("user_id")["label"]
    chance = float(lists.mean()[lists.max() > lists.min()].mean())
    for line in found(frame).lines:
        low, high = line.intervals["ndcg@1"]
        slack = (high - low) / 2  # twice the 95 %: four rankers are asked
        assert low - slack < chance < high + slack, line.name


def test_honest_tastes_are_not_too_good() -> None:
    result = found(tastes())
    assert not result.is_too_good and result.notes.leaks == []


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
