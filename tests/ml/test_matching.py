"""Products are ranked by what is good for the person, with odds that keep what they say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet
from domain.market.matching import Candidate, Ranked
from ml.artefact import ArtefactError
from ml.match_artefact import MatchArtefact, band_of, load, save
from ml.match_training import evidence, train_matcher
from ml.matching import WEIGHTS, ranked
from ml.population.interactions import interacted
from ml.population.parameters import WORLD
from ml.population.simulating import simulated

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def matcher() -> MatchArtefact:
    population = simulated(6_000)
    points = 690 + 30 * population.people.discipline
    ranks = np.digitize(-points, [-749, -684, -605]).astype(float)
    return train_matcher(interacted(population, points, ranks, market=WORLD.market, seed=1), simulated=True, seed=1)


def scored(points: int = 700, grade: Grade = Grade.B) -> Scored:
    return Scored(0.05, points, grade, 680, (), (), {}, "abc", simulated=True)


def sheet(income: int | None = 8_000) -> FactSheet:
    values = {} if income is None else {"income.monthly_inflow": Decimal(income)}
    return FactSheet(values, frozenset({"oidc"}), simulated=True, as_of=NOW)


def candidate(number: int = 1, **changes: object) -> Candidate:
    usual = Candidate(
        product_id=UUID(int=number),
        kind="LOAN",
        partner_id=UUID(int=9),
        amount_min=300_000,
        amount_max=2_000_000,
        terms=(3, 6, 12),
        annual_rate=0.12,
        monthly_cost=70_000,
        total_cost=840_000,
        grade_at_least="C",
        sponsored=False,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def rank(matcher: MatchArtefact, candidates: Sequence[Candidate], **given: object) -> list[Ranked]:
    return ranked(matcher, WEIGHTS, given.get("sheet", sheet()), given.get("scored", scored()), candidates)  # type: ignore[arg-type]


def odds(matcher: MatchArtefact, one: Candidate, **given: object) -> float:
    answer = rank(matcher, [one], **given)[0].odds
    assert answer is not None
    return answer


def test_all_candidates_come_back_best_first(matcher: MatchArtefact) -> None:
    answers = rank(matcher, [candidate(n, annual_rate=0.02 * n) for n in range(1, 11)])
    assert {answer.product_id.int for answer in answers} == set(range(1, 11))
    assert [a.value for a in answers] == sorted((a.value for a in answers), reverse=True)


def test_sponsoring_moves_nothing(matcher: MatchArtefact) -> None:
    plain, paid = candidate(1), candidate(2, sponsored=True)
    first, second = rank(matcher, [plain, paid])
    assert (first.value, first.odds, first.product_id.int) == (second.value, second.odds, 1)


def test_odds_rise_with_points_and_fall_with_the_burden(matcher: MatchArtefact) -> None:
    assert odds(matcher, candidate(), scored=scored(620, Grade.C)) < odds(
        matcher, candidate(), scored=scored(760, Grade.A)
    )
    assert odds(matcher, candidate(monthly_cost=400_000)) < odds(matcher, candidate(monthly_cost=20_000))


def test_a_grade_below_what_is_asked_is_seldom_approved(matcher: MatchArtefact) -> None:
    assert odds(matcher, candidate(grade_at_least="A"), scored=scored(640, Grade.C)) < 0.35


def test_without_a_score_there_are_no_odds(matcher: MatchArtefact) -> None:
    answer = ranked(matcher, WEIGHTS, sheet(), None, [candidate()])[0]
    assert (answer.odds, answer.odds_band) == (None, None)
    assert "MEETS_GRADE" not in [reason.code for reason in answer.reasons]


def test_of_two_alike_the_cheaper_is_first(matcher: MatchArtefact) -> None:
    answers = rank(matcher, [candidate(1, annual_rate=0.2), candidate(2, annual_rate=0.05)])
    assert [answer.product_id.int for answer in answers] == [2, 1]


class TestReasons:
    def codes(self, matcher: MatchArtefact, one: Candidate, **given: object) -> list[str]:
        return [reason.code for reason in rank(matcher, [one], **given)[0].reasons]

    def test_the_share_of_income_is_never_told_too_small(self, matcher: MatchArtefact) -> None:
        reasons = rank(matcher, [candidate(monthly_cost=80_100)])[0].reasons
        assert [r.values["percent"] for r in reasons if r.code == "EASY_TO_CARRY"] == [11]

    def test_nothing_is_said_of_an_income_that_is_not_known(self, matcher: MatchArtefact) -> None:
        assert "EASY_TO_CARRY" not in self.codes(matcher, candidate(), sheet=sheet(income=None))

    def test_a_grade_is_praised_only_where_one_is_asked_for_and_met(self, matcher: MatchArtefact) -> None:
        assert "MEETS_GRADE" in self.codes(matcher, candidate())
        assert "MEETS_GRADE" not in self.codes(matcher, candidate(grade_at_least=None))
        assert "MEETS_GRADE" not in self.codes(matcher, candidate(grade_at_least="A"))

    def test_the_last_grade_asks_for_nothing(self, matcher: MatchArtefact) -> None:
        codes = self.codes(matcher, candidate(grade_at_least="D", terms=(12,)))
        assert "MEETS_GRADE" not in codes
        assert "ANY_GRADE" in codes

    def test_a_low_rate_is_compared_and_none_at_all_is_told_as_it_is(self, matcher: MatchArtefact) -> None:
        shelf = [candidate(n, annual_rate=0.04 * n, grade_at_least="A", monthly_cost=900_000) for n in range(5)]
        told = {one.product_id.int: [r.code for r in one.reasons if "RATE" in r.code or "INTEREST" in r.code]
                for one in rank(matcher, shelf)}  # fmt: skip
        assert told == {0: ["NO_INTEREST"], 1: ["LOW_RATE"], 2: [], 3: [], 4: []}

    def test_there_is_always_one(self, matcher: MatchArtefact) -> None:
        poor = candidate(grade_at_least="A", terms=(12,), monthly_cost=900_000)
        assert self.codes(matcher, poor, sheet=sheet(income=3_000)) == ["AVAILABLE"]


class TestBands:
    @pytest.mark.parametrize(
        ("chance", "band"),
        [(0.8, "VERY_HIGH"), (0.79, "HIGH"), (0.6, "HIGH"), (0.35, "MEDIUM"), (0.34, "LOW"), (0.0, "LOW")],
    )
    def test_cuts(self, chance: float, band: str) -> None:
        assert band_of(chance) == band

    def test_all_are_kept_on_the_simulated_market(self, matcher: MatchArtefact) -> None:
        assert [one.band for one in matcher.evidence if one.is_kept] == ["VERY_HIGH", "HIGH", "MEDIUM", "LOW"]

    def test_a_band_that_promises_too_much_is_not_shown(self, matcher: MatchArtefact) -> None:
        chances, approved = np.full(400, 0.9), np.arange(400) % 2 == 0
        broken = replace(matcher, evidence=evidence(chances, approved))
        assert (broken.band(0.9), matcher.band(0.9)) == (None, "VERY_HIGH")

    def test_a_band_without_enough_decisions_is_not_shown(self, matcher: MatchArtefact) -> None:
        few = evidence(np.full(99, 0.9), np.ones(99, bool))
        assert replace(matcher, evidence=few).band(0.9) is None


class TestArtefact:
    def test_it_comes_back_as_it_was(self, matcher: MatchArtefact, tmp_path: Path) -> None:
        again = load(tmp_path, save(matcher, tmp_path))
        assert rank(again, [candidate()]) == rank(matcher, [candidate()])
        assert again.version == matcher.version == save(matcher, tmp_path)

    @pytest.mark.parametrize("file", ["odds.cbm", "relevance.cbm", "header.json"])
    def test_a_changed_byte_is_refused(self, matcher: MatchArtefact, tmp_path: Path, file: str) -> None:
        path = tmp_path / save(matcher, tmp_path) / file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
        with pytest.raises(ArtefactError):
            load(tmp_path, matcher.version)

    def test_a_missing_one_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ArtefactError):
            load(tmp_path, "0" * 16)
