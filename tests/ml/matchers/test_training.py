"""Training tells what people want from where it stood on the page, and the same people are always kept for testing."""

from dataclasses import replace

import numpy as np
import pytest

from ml.matchers.interactions import Interactions
from ml.matchers.training import train
from ml.models.matcher import MatchArtefact
from ml.models.pairs import COLUMNS, INPUTS, POSITION
from ml.population.parameters import WORLD
from ml.population.simulating import Population
from tests.ml.conftest import shown_to

AT = COLUMNS.index(POSITION)


def first(rows: np.ndarray) -> np.ndarray:
    """As if everything stood in the first place."""
    moved = rows.copy(order="F")
    moved[:, AT] = 0
    return moved


def test_what_stood_further_down_is_hardly_thought_to_be_wanted_less(
    people: Population, seen: Interactions, matcher: MatchArtefact
) -> None:
    """Against the truth of a world where everything is looked at: at least two thirds of the error are gone."""
    truth = shown_to(people, replace(WORLD.market, attention_fades=0.0))
    assert np.array_equal(truth.rows, seen.rows, equal_nan=True)
    blind = train(replace(seen, rows=first(seen.rows)), simulated=True, seed=1)
    place = seen.rows[:, AT]
    on_top, further = seen.is_test & (place == 0), seen.is_test & (place >= 2)

    def error(model: MatchArtefact, where: np.ndarray) -> float:
        return float(model.chances(first(seen.rows[where]))[1].mean() - truth.applied[where].mean())

    assert abs(error(matcher, on_top)) < 0.02
    assert error(blind, further) < -0.13
    assert abs(error(matcher, further)) < abs(error(blind, further)) / 3


def test_a_position_moves_no_odds_and_never_helps(matcher: MatchArtefact, seen: Interactions) -> None:
    rows = seen.rows[:200]
    lower = rows.copy(order="F")
    lower[:, AT] += 3
    (odds, wish), (odds_lower, wish_lower) = matcher.chances(rows), matcher.chances(lower)
    assert np.array_equal(odds, odds_lower)  # type: ignore[arg-type]
    assert (wish_lower <= wish).all()


def test_the_same_training_gives_the_same_matcher(seen: Interactions, matcher: MatchArtefact) -> None:
    assert train(seen, simulated=True, seed=1).version == matcher.version


def test_nobody_is_on_two_sides(seen: Interactions) -> None:
    sides = [set(seen.person[side].tolist()) for side in (seen.is_fit, seen.is_calibration, seen.is_test)]
    assert sum(len(side) for side in sides) == len(set(seen.person.tolist()))


def test_rows_that_weigh_nothing_teach_nothing(seen: Interactions) -> None:
    """Applications are turned around in the half that weighs nothing."""
    without = np.arange(len(seen)) % 2 == 0
    weight = np.where(without, 0.0, 1.0)
    applied = np.where(without, ~seen.applied, seen.applied)
    taught = train(
        replace(seen, applied=applied, decided=seen.decided & ~without, weight=weight), simulated=True, seed=1
    )
    wish = taught.chances(seen.rows)[1]
    test = seen.is_test
    assert wish[test].mean() == pytest.approx(seen.applied[test].mean(), abs=0.03)


def test_the_card_counts_what_was_learned_from(matcher: MatchArtefact, seen: Interactions) -> None:
    assert matcher.card["shown"] == len(seen)
    assert (matcher.card["applied"], matcher.card["decided"]) == (seen.applied.sum(), seen.decided.sum())
    assert (matcher.card["since"], matcher.card["until"]) == (None, None)
    assert matcher.simulated


def test_it_tells_people_and_products_apart(matcher: MatchArtefact) -> None:
    assert matcher.card["auc"]["odds"] > 0.75
    assert matcher.card["auc"]["relevance"] > 0.62


def test_position_is_no_input_that_is_kept_of_a_person() -> None:
    assert (*INPUTS, POSITION) == COLUMNS
