"""A matcher that is worse does not go live, and one that is not measurably as good doesn't either."""

from dataclasses import replace

import numpy as np
import pytest

from infra.settings import settings
from ml.matchers import gate
from ml.matchers.interactions import Interactions
from ml.matchers.logs import ImpressionLog
from ml.matchers.training import train
from ml.models.matcher import MatchArtefact, Platt
from tests.ml.matchers.learning import as_log, first_people


@pytest.fixture(scope="module")
def log(seen: Interactions) -> ImpressionLog:
    return as_log(seen)


def shuffled(seen: Interactions) -> Interactions:
    """Whoever applied or was approved did so by lot."""
    rng = np.random.default_rng(1)
    return replace(seen, applied=rng.permutation(seen.applied), approved=rng.permutation(seen.approved))


def test_a_sound_matcher_passes_against_base_rates_and_against_itself(
    matcher: MatchArtefact, log: ImpressionLog
) -> None:
    alone, beside = (gate.judged(matcher, champion, log, seed=1) for champion in (None, matcher))
    assert alone.failures == beside.failures == ()
    assert (alone.figures["against"], beside.figures["against"]) == (None, matcher.version)
    for side in ("relevance", "odds"):
        assert alone.figures[side]["differences"]["usual"][2] < 0
        assert beside.figures[side]["differences"]["champion"] == [0, 0, 0]
    assert alone.figures["shown"] == log.seen.is_test.sum()
    assert alone.figures["decided"] == (log.seen.is_test & log.seen.decided).sum()


def test_one_that_learned_nothing_is_refused(log: ImpressionLog) -> None:
    """In a world where chance decides, nothing can be better than base rates."""
    null = as_log(shuffled(log.seen))
    found = gate.judged(train(null.seen, simulated=False, seed=1), None, null, seed=1)
    assert [failure.split(":")[0] for failure in found.failures if "usual" in failure] == [
        "Its relevance is not measurably better than the usual rate",
        "Its odds is not measurably better than the usual rate",
    ]


def test_one_that_is_worse_than_the_champion_is_refused(matcher: MatchArtefact, log: ImpressionLog) -> None:
    weak = train(first_people(log.seen, 250), simulated=False, seed=1)
    found = gate.judged(weak, matcher, log, seed=1)
    assert any("not measurably as good as the champion's" in failure for failure in found.failures)


def test_one_that_promises_too_much_is_refused(matcher: MatchArtefact, log: ImpressionLog) -> None:
    boastful = replace(matcher, odds_platt=Platt(matcher.odds_platt.shift + 1.0, matcher.odds_platt.slope))
    assert any("not calibrated" in failure for failure in gate.judged(boastful, None, log, seed=1).failures)


def test_a_band_that_breaks_its_word_keeps_the_gate_shut(matcher: MatchArtefact, log: ImpressionLog) -> None:
    band, told = next(iter(matcher.tested.items()))
    lying = replace(matcher, tested={**matcher.tested, band: replace(told, approved=told.decided // 2)})
    found = gate.judged(lying, None, log, seed=1)
    assert found.failures == (
        f"Its band VERY_HIGH does not keep its word: {told.decided // 2} of {told.decided} were approved.",
    )


def test_the_new_order_is_valued_from_the_old_log(matcher: MatchArtefact, log: ImpressionLog) -> None:
    """The past saw dimly what people want, so the matcher's order would have brought more."""
    told = gate.judged(matcher, None, log, seed=1).figures["policy"]
    logged, doubly_robust = told["estimates"]["on-policy"], told["estimates"]["DR"]
    assert logged[0] == round(log.seen.applied[log.seen.is_test].mean(), 5)
    assert doubly_robust[0] > logged[0]
    assert told["rows"] == log.seen.is_test.sum()
    assert 0 < told["meanWeight"] <= 1


class TestEnough:
    def test_a_long_log_is_enough(self, log: ImpressionLog) -> None:
        assert gate.lacking(log) == ()

    def test_a_short_one_says_what_it_lacks(self, seen: Interactions) -> None:
        few = first_people(seen, 10)
        least = settings().learning
        assert gate.lacking(as_log(few)) == (
            f"50 impressions are there; {least.impressions_min:,} are needed.",
            f"{few.applied.sum()} applications are there; 100 are needed.",
            f"{few.decided.sum()} decided applications are there; 100 are needed.",
        )

    def test_one_in_which_all_are_approved_teaches_no_odds(self, seen: Interactions) -> None:
        assert gate.lacking(as_log(replace(seen, approved=np.ones(len(seen), bool)))) == tuple(
            f"Among the people to {part} from, approvals came out one way in all but 0 cases."
            for part in ("learn", "calibrate", "test")
        )
