"""Odds bands that keep their word: a true one is never taken for a false one, and a false one is found."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from domain.matching.matcher import OddsBand
from domain.matching.odds import reliability
from domain.matching.odds.reliability import DOUBT, PROMISES, BandStanding, Promise, Tally

LOOKS, A_LOOK, ENOUGH = 200, 10, 100
HALF = Tally(50, 100)
GATHERING, KEPT, WITHDRAWN = BandStanding


def decided(rng: np.random.Generator, promise: Promise, shift: float, looks: int = LOOKS) -> NDArray[np.int64]:
    """How many are approved between two looks, where the truth lies `shift` beside the odds told."""
    odds = rng.uniform(promise.low, promise.high, (looks, A_LOOK))
    approved: NDArray[np.int64] = rng.binomial(1, np.clip(odds + shift, 0, 1)).sum(axis=1)
    return approved


def until(
    wanted: BandStanding, before: BandStanding, promise: Promise, approved: NDArray[np.int64], broken_by: Tally = HALF
) -> Tally | None:
    """What was decided when the band came to stand so; None where it never did."""
    for count, total in enumerate(np.cumsum(approved), start=1):
        tally = Tally(int(total), count * A_LOOK)
        before = reliability.standing(before, promise, tally, decided_min=ENOUGH, broken_by=broken_by)
        if before == wanted:
            return tally
    return None


class TestOfSimulatedApprovals:
    @pytest.mark.parametrize("band", OddsBand)
    def test_a_band_that_is_true_is_never_withdrawn(self, band: OddsBand) -> None:
        rng, promise = np.random.default_rng(20_261_122), PROMISES[band]
        withdrawn = [until(WITHDRAWN, GATHERING, promise, decided(rng, promise, 0.0)) for _ in range(100)]
        assert withdrawn == [None] * 100

    def test_even_at_its_very_edge_it_hardly_ever_is(self) -> None:
        rng, promise = np.random.default_rng(20_261_122), PROMISES[OddsBand.VERY_HIGH]
        at_edge = [rng.binomial(A_LOOK, promise.low, LOOKS) for _ in range(300)]
        withdrawn = sum(until(WITHDRAWN, GATHERING, promise, approved) is not None for approved in at_edge)
        assert withdrawn / len(at_edge) < 0.02  # 0.6 % of 2,000 when this was written

    @pytest.mark.parametrize(
        ("band", "looks", "found"),
        [(OddsBand.VERY_HIGH, 300, 20), (OddsBand.HIGH, 500, 20), (OddsBand.MEDIUM, 1_000, 20), (OddsBand.LOW, 300, 0)],
    )
    def test_those_that_promise_too_much_are_withdrawn(self, band: OddsBand, looks: int, found: int) -> None:
        """Low odds promise nothing that fewer approvals could break."""
        rng, promise = np.random.default_rng(20_261_122), PROMISES[band]
        worlds = [until(WITHDRAWN, GATHERING, promise, decided(rng, promise, -0.15, looks)) for _ in range(20)]
        assert sum(tally is not None for tally in worlds) == found

    def test_those_that_promise_too_little_are_too(self) -> None:
        rng, promise = np.random.default_rng(20_261_122), PROMISES[OddsBand.LOW]
        worlds = [until(WITHDRAWN, GATHERING, promise, decided(rng, promise, 0.4)) for _ in range(20)]
        assert None not in worlds

    @pytest.mark.parametrize("band", [OddsBand.VERY_HIGH, OddsBand.HIGH])
    def test_one_that_is_true_again_comes_back(self, band: OddsBand) -> None:
        rng, promise = np.random.default_rng(20_261_122), PROMISES[band]
        broken_by = until(WITHDRAWN, GATHERING, promise, decided(rng, promise, -0.15, 400))
        assert broken_by is not None
        back = [until(KEPT, WITHDRAWN, promise, decided(rng, promise, 0.0), broken_by) for _ in range(20)]
        still = [until(KEPT, WITHDRAWN, promise, decided(rng, promise, -0.15), broken_by) for _ in range(20)]
        assert None not in back
        assert still.count(None) >= 19  # 2 to 6 % come back too early, to be withdrawn again


class TestStanding:
    promise = PROMISES[OddsBand.HIGH]

    def after(self, before: BandStanding, tally: Tally, broken_by: Tally = HALF) -> BandStanding:
        return reliability.standing(before, self.promise, tally, decided_min=ENOUGH, broken_by=broken_by)

    @pytest.mark.parametrize("before", [GATHERING, KEPT])
    def test_gathers_until_enough_is_decided(self, before: BandStanding) -> None:
        assert self.after(before, Tally(0, ENOUGH - 1)) == GATHERING
        assert self.after(before, Tally(70, ENOUGH)) == KEPT
        assert self.after(before, Tally(0, ENOUGH)) == WITHDRAWN

    def test_is_kept_while_chance_may_explain_it(self) -> None:
        assert self.after(KEPT, Tally(44, ENOUGH)) == KEPT
        assert self.after(KEPT, Tally(43, ENOUGH)) == WITHDRAWN
        assert self.after(KEPT, Tally(92, ENOUGH)) == KEPT
        assert self.after(KEPT, Tally(93, ENOUGH)) == WITHDRAWN

    def test_what_only_stopped_being_broken_stays_withdrawn(self) -> None:
        assert self.after(WITHDRAWN, Tally(59, ENOUGH)) == WITHDRAWN
        assert self.after(WITHDRAWN, Tally(62, ENOUGH)) == WITHDRAWN  # half approved may by chance look like this
        assert self.after(WITHDRAWN, Tally(70, ENOUGH)) == KEPT
        assert self.after(WITHDRAWN, Tally(70, ENOUGH - 1)) == WITHDRAWN
        assert self.after(WITHDRAWN, Tally(0, 0)) == WITHDRAWN

    def test_comes_back_from_above_too(self) -> None:
        all_of_them = Tally(300, 300)
        assert self.after(WITHDRAWN, Tally(79, ENOUGH), all_of_them) == KEPT
        assert self.after(WITHDRAWN, Tally(80, ENOUGH), all_of_them) == WITHDRAWN


@pytest.mark.parametrize("promise", PROMISES.values())
def test_it_is_the_interval_of_clopper_and_pearson(promise: Promise) -> None:
    for of in (100, 1_237):
        for approved in range(0, of + 1, 7):
            exact = stats.binomtest(approved, of).proportion_ci(1 - 2 * DOUBT, "exact")
            is_outside = exact.high < promise.low or (exact.low > promise.high and promise.high < 1)
            assert reliability.is_broken(promise, Tally(approved, of)) == is_outside, (approved, of)


def test_every_chance_lies_in_the_band_that_promises_it() -> None:
    for odds in np.linspace(0, 1, 1_001):
        assert PROMISES[reliability.band_of(odds)].holds(odds)
