"""One definition of a feature, whether for one sheet or for many people."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from domain.facts.sheets import FactSheet, Observation, sheet_of
from domain.facts.vocabulary import VOCABULARY, FactGroup
from ml.models.features import FEATURES, NEVER, RATIO_MAX, STANDARD, matrix, vector
from ml.population.simulating import simulated

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sheet(**values: object) -> FactSheet:
    return FactSheet(
        {name.replace("__", "."): value for name, value in values.items()},  # type: ignore[misc]
        frozenset({"wechat"}),
        simulated=True,
        as_of=NOW,
    )


def test_missing_is_not_zero() -> None:
    names = ("repayment.late_24m", "credit.open_loans", "credit.burden")
    assert vector(sheet(repayment__late_24m=0), names) == (0.0, None, None)


def test_money_and_flags_become_numbers() -> None:
    known = sheet(income__monthly_inflow=Decimal("6500.50"), account__real_name=True)
    assert vector(known, ("income.monthly_inflow", "account.real_name")) == (6500.5, 1.0)


def test_a_ratio_needs_both_its_parts() -> None:
    names = ("credit.burden", "credit.utilisation")
    known = sheet(credit__outstanding=Decimal(12_000), income__monthly_inflow=Decimal(5_000))
    assert vector(known, names) == (0.2, None)
    assert vector(sheet(credit__limit=Decimal(0)), names) == (None, None)


@pytest.mark.parametrize(
    ("owed", "limit", "utilisation"),
    [(500, 0, RATIO_MAX), (500, 1, RATIO_MAX), (500, 1_000, 0.5), (0, 0, 0.0), (0, 1_000, 0.0), (500, -1, None)],
)
def test_a_base_of_zero_is_known_and_worse_than_any_other(owed: int, limit: int, utilisation: float | None) -> None:
    known = sheet(credit__outstanding=Decimal(owed), credit__limit=Decimal(limit))
    assert vector(known, ("credit.utilisation",)) == (utilisation,)
    columns = {"credit.outstanding": np.array([float(owed)]), "credit.limit": np.array([float(limit)])}
    assert matrix(columns, ("credit.utilisation",))[0, 0] == pytest.approx(utilisation or 0.0, nan_ok=True) or limit < 0


def test_one_person_and_many_are_read_alike() -> None:
    population = simulated(500)
    facts = population.facts()
    together = matrix(facts)
    for person in range(500):
        known = {name: column[person] for name, column in facts.items() if not np.isnan(column[person])}
        alone = vector(FactSheet(known, frozenset({"wechat"}), simulated=True, as_of=NOW))
        assert [None if np.isnan(value) else value for value in together[person]] == list(alone)


def test_age_sex_place_and_friends_are_no_inputs() -> None:
    assert not NEVER & {fact for feature in FEATURES.values() for fact in feature.facts}
    assert all(FEATURES[name].group is not FactGroup.RELATIONSHIPS for name in STANDARD)
    assert not [fact for name in STANDARD for fact in FEATURES[name].facts if fact.startswith("profile.")]


def test_every_feature_reads_words_of_the_vocabulary() -> None:
    assert {fact for feature in FEATURES.values() for fact in feature.facts} <= set(VOCABULARY)


class TestSheet:
    def seen(self, source: str, name: str, value: float, days_ago: float, lasts: float = 100) -> Observation:
        at = NOW - timedelta(days=days_ago)
        return Observation(source, name, value, at, at + timedelta(days=lasts))

    def test_nothing_from_after_as_of_is_on_it(self) -> None:
        drawn = sheet_of(
            [self.seen("taobao", "repayment.late_24m", 3, 5), self.seen("taobao", "repayment.late_24m", 9, -1)],
            as_of=NOW,
            simulated=False,
        )
        assert drawn.values == {"repayment.late_24m": 3}

    def test_what_expired_is_absent(self) -> None:
        drawn = sheet_of([self.seen("oidc", "credit.limit", 5_000, 101)], as_of=NOW, simulated=False)
        assert (drawn.values, drawn.sources) == ({}, frozenset())

    def test_the_older_of_two_accounts_tells_the_age(self) -> None:
        drawn = sheet_of(
            [self.seen("wechat", "account.age_months", 90, 9), self.seen("oidc", "account.age_months", 12, 2)],
            as_of=NOW,
            simulated=False,
        )
        assert drawn.values == {"account.age_months": 90}
        assert drawn.sources_of == {"account.age_months": "wechat"}
        assert drawn.sources == {"wechat", "oidc"}

    @pytest.mark.parametrize("order", [1, -1])
    def test_the_latest_of_two_sources_counts_otherwise(self, order: int) -> None:
        told = [self.seen("oidc", "credit.limit", 5_000, 9), self.seen("bank", "credit.limit", 7_000, 2)]
        assert sheet_of(told[::order], as_of=NOW, simulated=False).values == {"credit.limit": 7_000}


def test_what_a_person_says_of_himself_is_no_linked_account() -> None:
    own = FactSheet({}, frozenset({"profile", "longan"}), simulated=False, as_of=NOW)
    assert own.linked_sources == frozenset()
