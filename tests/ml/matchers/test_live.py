"""The live matcher behind the port."""

from random import Random

import numpy as np
import pytest

from domain.matching.matcher import OddsBand
from infra.database import reading
from ml.matchers.live import LiveMatcher
from ml.matchers.values import WEIGHTS
from ml.models.matcher import MatchArtefact
from ml.models.pairs import INPUTS, of_candidates
from tests.ml.matchers.conftest import any_product, candidates_of, scored, sheet, shelf_of
from tests.ml.standings import promote


@pytest.fixture(autouse=True)
async def _alone(nothing_live: None) -> None: ...


async def ready(live: LiveMatcher) -> LiveMatcher:
    async with reading() as db:
        await live.catch_up(db)
    return live


def test_without_a_model_the_cheapest_comes_first_and_nothing_is_guessed() -> None:
    live, luck = LiveMatcher(), Random(1)
    candidates = candidates_of(shelf_of(*[any_product(n, luck) for n in range(1, 30)]))
    found = live.rank(sheet(), scored(), candidates)
    costs = candidates.shelf.columns.annual_cost[found.order]
    assert (np.diff(costs) >= 0).all()
    assert np.isnan(found.odds).all()
    assert (live.model_version, live.is_simulated, live.weights, live.tested) == ("cheapest-first", False, (), {})
    assert len(live.reasons(sheet(), scored(), candidates, found.order[:5], tuple(OddsBand))) == 5


async def test_a_promoted_model_is_seen_at_once(matcher: MatchArtefact) -> None:
    live = await ready(LiveMatcher())
    assert live.model_version == "cheapest-first"
    await promote(matcher)
    await ready(live)
    assert live.model_version == f"{matcher.version}+{WEIGHTS.version}"
    assert live.is_simulated
    assert live.tested == matcher.tested


async def test_the_weights_are_written_down(matcher: MatchArtefact) -> None:
    await promote(matcher)
    told = {each.name: each.weight for each in (await ready(LiveMatcher())).weights}
    assert told == {"answered_well": 1.0, "dear": -1.0, "strained": -0.5, "monthly": -0.02, "sponsored": 0.0}


async def test_what_was_read_is_kept_of_what_is_shown(matcher: MatchArtefact) -> None:
    await promote(matcher)
    luck = Random(2)
    candidates = candidates_of(shelf_of(*[any_product(n, luck) for n in range(1, 30)]))
    shown = np.array([7, 3])
    kept = (await ready(LiveMatcher())).rows(sheet(), scored(), candidates, shown)
    rows = of_candidates(sheet(), scored(), candidates)[shown, : len(INPUTS)]
    again = [[np.nan if row[name] is None else row[name] for name in INPUTS] for row in kept]
    assert np.array_equal(np.array(again, float), rows, equal_nan=True)
    assert [set(row) for row in kept] == [set(INPUTS)] * 2


async def test_nothing_to_rank_is_ranked(matcher: MatchArtefact) -> None:
    await promote(matcher)
    live, nothing = await ready(LiveMatcher()), candidates_of(shelf_of(), [])
    assert len(live.rank(sheet(), scored(), nothing).order) == 0
    assert live.reasons(sheet(), scored(), nothing, np.empty(0, np.intp), tuple(OddsBand)) == []


@pytest.mark.parametrize(
    ("odds", "band"), [(0.8, "VERY_HIGH"), (0.79, "HIGH"), (0.6, "HIGH"), (0.35, "MEDIUM"), (0.34, "LOW"), (0.0, "LOW")]
)
def test_bands(odds: float, band: str) -> None:
    assert LiveMatcher().band(odds) is OddsBand(band)
