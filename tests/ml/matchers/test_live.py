"""The live matcher behind the port."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from domain.matching.matcher import OddsBand
from infra.settings import settings
from ml.live import registry
from ml.live.registry import Kind, switch
from ml.matchers.live import LiveMatcher
from ml.matchers.values import WEIGHTS
from ml.models import matcher as artefacts
from ml.models.matcher import MatchArtefact
from ml.models.pairs import INPUTS, of_candidates
from tests.ml.matchers.conftest import any_product, candidates_of, scored, sheet, shelf_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    given = settings().model_copy(update={"var": tmp_path})
    monkeypatch.setattr(registry, "settings", lambda: given)
    return tmp_path / "models"


def promote(model: MatchArtefact, folder: Path) -> None:
    version = artefacts.save(model, folder)
    switch(Kind.MATCH, lambda now: now.promoted(version))


def test_without_a_model_the_cheapest_comes_first_and_nothing_is_guessed() -> None:
    live, luck = LiveMatcher(), Random(1)
    candidates = candidates_of(shelf_of(*[any_product(n, luck) for n in range(1, 30)]))
    found = live.rank(sheet(), scored(), candidates)
    costs = candidates.shelf.columns.annual_cost[found.order]
    assert (np.diff(costs) >= 0).all()
    assert np.isnan(found.odds).all()
    assert (live.model_version, live.is_simulated, live.weights, live.tested) == ("cheapest-first", False, (), {})
    assert len(live.reasons(sheet(), scored(), candidates, found.order[:5], tuple(OddsBand))) == 5


def test_a_promoted_model_is_seen_at_once(matcher: MatchArtefact, folder: Path) -> None:
    live = LiveMatcher()
    assert live.model_version == "cheapest-first"
    promote(matcher, folder)
    live.catch_up()
    assert live.model_version == f"{matcher.version}+{WEIGHTS.version}"
    assert live.is_simulated
    assert live.tested == matcher.tested


def test_the_weights_are_written_down(matcher: MatchArtefact, folder: Path) -> None:
    promote(matcher, folder)
    told = {each.name: each.weight for each in LiveMatcher().weights}
    assert told == {"answered_well": 1.0, "dear": -1.0, "strained": -0.5, "monthly": -0.02, "sponsored": 0.0}


def test_what_was_read_is_kept_of_what_is_shown(matcher: MatchArtefact, folder: Path) -> None:
    promote(matcher, folder)
    luck = Random(2)
    candidates = candidates_of(shelf_of(*[any_product(n, luck) for n in range(1, 30)]))
    shown = np.array([7, 3])
    kept = LiveMatcher().rows(sheet(), scored(), candidates, shown)
    rows = of_candidates(sheet(), scored(), candidates)[shown, : len(INPUTS)]
    again = [[np.nan if row[name] is None else row[name] for name in INPUTS] for row in kept]
    assert np.array_equal(np.array(again, float), rows, equal_nan=True)
    assert [set(row) for row in kept] == [set(INPUTS)] * 2


def test_nothing_to_rank_is_ranked(matcher: MatchArtefact, folder: Path) -> None:
    promote(matcher, folder)
    live, nothing = LiveMatcher(), candidates_of(shelf_of(), [])
    assert len(live.rank(sheet(), scored(), nothing).order) == 0
    assert live.reasons(sheet(), scored(), nothing, np.empty(0, np.intp), tuple(OddsBand)) == []


@pytest.mark.parametrize(
    ("odds", "band"), [(0.8, "VERY_HIGH"), (0.79, "HIGH"), (0.6, "HIGH"), (0.35, "MEDIUM"), (0.34, "LOW"), (0.0, "LOW")]
)
def test_bands(odds: float, band: str) -> None:
    assert LiveMatcher().band(odds) is OddsBand(band)
