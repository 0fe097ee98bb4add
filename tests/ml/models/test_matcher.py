"""A matcher is kept as it was tested, and comes back as it was kept."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from domain.matching import matcher as port
from domain.matching.matcher import OddsBand
from domain.matching.odds.reliability import band_of
from ml.matchers.evidence import measure_bands
from ml.matchers.interactions import Interactions
from ml.models import matcher as module
from ml.models.artefact import ArtefactError
from ml.models.matcher import MatchArtefact, load, save
from ml.models.pairs import COLUMNS, KIND_COLUMNS


class TestBands:
    def test_all_are_kept_on_the_simulated_market(self, matcher: MatchArtefact) -> None:
        assert {band for band, told in matcher.tested.items() if told.is_kept} == set(OddsBand)
        assert {(told.since, told.until) for told in matcher.tested.values()} == {(None, None)}

    def test_a_band_tells_how_many_were_decided_in_it(self, matcher: MatchArtefact, seen: Interactions) -> None:
        held_out = seen.only(seen.is_test & seen.decided)
        odds, _ = matcher.chances(held_out.rows)
        assert odds is not None
        for band, told in matcher.tested.items():
            here = np.array([band_of(one) is band for one in odds])
            assert (told.decided, told.approved) == (here.sum(), held_out.approved[here].sum())

    def test_a_band_that_promises_too_much_is_not_kept(self) -> None:
        told = measure_bands(np.full(400, 0.9), np.arange(400) % 2 == 0, None)
        assert told[OddsBand.VERY_HIGH] == port.Tested(200, 400, is_kept=False, since=None, until=None)

    def test_a_band_without_enough_decisions_is_not_kept(self) -> None:
        assert [
            measure_bands(np.full(n, 0.9), np.ones(n, bool), None)[OddsBand.VERY_HIGH].is_kept for n in (99, 100)
        ] == [
            False,
            True,
        ]

    def test_a_band_of_real_people_tells_its_period(self) -> None:
        shown_at = np.array(["2026-08-01", "2026-09-01", "2026-10-01"], "datetime64[us]")
        told = measure_bands(np.array([0.9, 0.9, 0.1]), np.ones(3, bool), shown_at)
        assert told[OddsBand.VERY_HIGH].since == datetime(2026, 8, 1, tzinfo=UTC)
        assert told[OddsBand.VERY_HIGH].until == datetime(2026, 9, 1, tzinfo=UTC)
        assert told[OddsBand.HIGH] == port.Tested(0, 0, is_kept=False, since=None, until=None)


class TestArtefact:
    def test_it_comes_back_as_it_was(self, matcher: MatchArtefact, seen: Interactions, tmp_path: Path) -> None:
        again = load(tmp_path, save(matcher, tmp_path))
        for told, kept in zip(again.chances(seen.rows[:50]), matcher.chances(seen.rows[:50]), strict=True):
            assert np.array_equal(told, kept)  # type: ignore[arg-type]
        assert again.tested == matcher.tested
        assert again.version == matcher.version == save(matcher, tmp_path)

    @pytest.mark.parametrize("file", ["odds.cbm", "relevance.cbm", "header.json"])
    def test_a_changed_byte_is_refused(self, matcher: MatchArtefact, tmp_path: Path, file: str) -> None:
        path = tmp_path / save(matcher, tmp_path) / file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
        with pytest.raises(ArtefactError):
            load(tmp_path, matcher.version)

    def test_it_serves_beside_a_kind_that_came_after_it(
        self, matcher: MatchArtefact, seen: Interactions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version, at = save(matcher, tmp_path), COLUMNS.index(KIND_COLUMNS[-1]) + 1
        chances = matcher.chances(seen.rows[:50])
        log_odds, shares = matcher.relevance_leaves.explained(seen.rows[:50])
        monkeypatch.setattr(module, "COLUMNS", (*COLUMNS[:at], "INSURANCE", *COLUMNS[at:]))
        monkeypatch.setattr(module, "KIND_COLUMNS", (*KIND_COLUMNS, "INSURANCE"))
        rows = np.insert(seen.rows[:50], at, 1.0, axis=1)
        later = load(tmp_path, version)
        for told, expected in zip(later.chances(rows), chances, strict=True):
            assert np.array_equal(told, expected)  # type: ignore[arg-type]
        again, shares_again = later.relevance_leaves.explained(rows)
        assert np.array_equal(again, log_odds)
        assert np.array_equal(shares_again, np.insert(shares, at, 0.0, axis=1))

    def test_one_that_reads_what_is_not_there_is_refused(
        self, matcher: MatchArtefact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = save(matcher, tmp_path)
        for columns in (COLUMNS[1:], (*COLUMNS, "something_else")):
            monkeypatch.setattr(module, "COLUMNS", columns)
            with pytest.raises(ArtefactError):
                load(tmp_path, version)

    def test_a_missing_one_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ArtefactError):
            load(tmp_path, "0" * 16)
