"""The policy, rule by rule: what is declined, what a person looks at, and what is approved."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.credit.grades import Grade
from domain.credit.policy import AskedTerms, decide, monthly_income
from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.facts.sheets import FactSheet, FactValue
from infra.settings import settings

EARNING: dict[str, FactValue] = {"profile.monthly_income": Decimal("9000.00")}


def sheet(values: Mapping[str, FactValue] = EARNING) -> FactSheet:
    return FactSheet(values, frozenset({"wechat"}), simulated=False, as_of=datetime(2026, 11, 22, tzinfo=UTC))


def scored(grade: Grade = Grade.B, *reasons: str) -> Scored:
    return Scored(
        probability=0.05,
        points=700,
        grade=grade,
        base_points=700,
        factors=(),
        reasons=tuple(Reason(code, code) for code in reasons),
        vector={},
        model_version="test",
        simulated=True,
    )


def request(amount: int = 100_000, monthly: int = 10_000, asked: Grade | None = None, burden: int = 0) -> AskedTerms:
    return AskedTerms(amount, monthly, asked, burden)


def codes(of: AskedTerms, by: Scored, on: FactSheet) -> tuple[str, list[str]]:
    verdict = decide(of, by, on)
    return verdict.outcome, [reason.code for reason in verdict.reasons]


def test_who_meets_every_rule_is_approved() -> None:
    assert codes(request(), scored(), sheet()) == ("APPROVE", ["MEETS_RULES"])


@pytest.mark.parametrize(("delay", "outcome"), [(-1, "APPROVE"), (0, "APPROVE"), (0.9, "APPROVE"), (1, "DECLINE")])
def test_who_is_a_month_behind_is_declined(delay: float, outcome: str) -> None:
    assert decide(request(), scored(), sheet(EARNING | {"repayment.delay_months": delay})).outcome == outcome


@pytest.mark.parametrize(
    ("asked", "has", "outcome"),
    [
        (Grade.B, Grade.A, "APPROVE"),
        (Grade.B, Grade.B, "APPROVE"),
        (Grade.B, Grade.C, "DECLINE"),
        (Grade.A, Grade.D, "DECLINE"),
        (None, Grade.D, "APPROVE"),
    ],
)
def test_a_product_asks_for_a_grade(asked: Grade | None, has: Grade, outcome: str) -> None:
    verdict = decide(request(asked=asked), scored(has), sheet())
    assert verdict.outcome == outcome
    if outcome == "DECLINE":
        assert asked is not None
        assert verdict.reasons[0].values == {"asked": asked.value, "grade": has.value}


@pytest.mark.parametrize(
    ("monthly", "burden", "outcome"),
    [(450_000, 0, "APPROVE"), (450_001, 0, "DECLINE"), (250_000, 200_000, "APPROVE"), (250_000, 200_001, "DECLINE")],
)
def test_instalments_take_at_most_half_of_the_income(monthly: int, burden: int, outcome: str) -> None:
    verdict = decide(request(monthly=monthly, burden=burden), scored(), sheet())
    assert verdict.outcome == outcome
    if outcome == "DECLINE":
        assert (verdict.reasons[0].code, verdict.reasons[0].values) == ("BURDEN_TOO_HIGH", {"share": "50%"})


def test_who_earns_nothing_can_carry_nothing() -> None:
    assert codes(request(), scored(), sheet({"profile.monthly_income": Decimal(0)})) == ("DECLINE", ["BURDEN_TOO_HIGH"])


@pytest.mark.parametrize(
    ("grade", "most"), [(Grade.A, 5_000_000), (Grade.B, 3_000_000), (Grade.C, 1_000_000), (Grade.D, 100_000)]
)
def test_a_large_amount_is_looked_at_by_a_person(grade: Grade, most: int) -> None:
    assert codes(request(amount=most), scored(grade), sheet())[0] == "APPROVE"
    assert codes(request(amount=most + 1), scored(grade), sheet()) == ("REFER", ["AMOUNT_NEEDS_REVIEW"])


@pytest.mark.parametrize(("amount", "outcome"), [(200_000, "APPROVE"), (200_001, "REFER")])
def test_a_small_amount_needs_no_income(amount: int, outcome: str) -> None:
    assert decide(request(amount=amount), scored(), sheet({})).outcome == outcome


def test_who_owes_already_needs_an_income_for_any_amount() -> None:
    """Else many small ones would make a large one that nobody looked at."""
    assert codes(request(amount=1, burden=1), scored(), sheet({})) == ("REFER", ["INCOME_UNKNOWN"])


def test_what_is_owed_in_another_currency_cannot_be_added_up_and_is_no_yes() -> None:
    assert codes(replace(request(), owes_elsewhere=True), scored(), sheet()) == ("REFER", ["BURDEN_UNKNOWN"])


def test_doubts_come_together() -> None:
    assert codes(request(amount=3_000_001), scored(), sheet({})) == ("REFER", ["AMOUNT_NEEDS_REVIEW", "INCOME_UNKNOWN"])


def test_rules_come_before_the_scores_reasons_and_none_twice() -> None:
    behind = sheet(EARNING | {"repayment.delay_months": 2})
    by = scored(Grade.C, "RECENT_ARREARS", "MANY_LOANS", "LITTLE_HISTORY", "MORE")
    outcome, given = codes(request(asked=Grade.A), by, behind)
    assert (outcome, given) == ("DECLINE", ["RECENT_ARREARS", "GRADE_TOO_LOW", "MANY_LOANS", "LITTLE_HISTORY"])


def test_what_a_source_saw_counts_before_what_was_told() -> None:
    assert monthly_income(sheet()) == Decimal("9000.00")
    assert monthly_income(sheet(EARNING | {"income.monthly_inflow": Decimal("4000")})) == Decimal("4000")
    assert monthly_income(sheet({})) is None


class TestCurrencies:
    """Incomes are told in the house's currency, amounts in minor units of the product's: a yen has none, a dinar a thousand."""

    @pytest.mark.parametrize(
        ("currency", "half_of_300_000"), [("CNY", 15_000_000), ("JPY", 150_000), ("KWD", 150_000_000)]
    )
    def test_the_burden_is_measured_in_minor_units_of_the_currency(
        self, currency: str, half_of_300_000: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings(), "currency", currency)
        earning = sheet({"profile.monthly_income": Decimal(300_000)})
        assert "BURDEN_TOO_HIGH" not in reasons(request(monthly=half_of_300_000), earning)
        assert "BURDEN_TOO_HIGH" in reasons(request(monthly=half_of_300_000 + 1), earning)

    def test_a_hundred_times_too_much_is_not_approved_in_yen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings(), "currency", "JPY")
        earning = sheet({"profile.monthly_income": Decimal(300_000)})
        assert codes(request(monthly=15_000_000), scored(), earning) == ("DECLINE", ["BURDEN_TOO_HIGH"])
        assert codes(request(monthly=150_000), scored(), earning) == ("APPROVE", ["MEETS_RULES"])

    def test_an_income_in_another_currency_is_unknown(self) -> None:
        asked = replace(request(amount=40_001, monthly=1), currency="JPY")
        assert codes(asked, scored(), sheet()) == ("REFER", ["INCOME_UNKNOWN"])
        assert codes(replace(asked, amount=40_000), scored(), sheet()) == ("APPROVE", ["MEETS_RULES"])

    def test_where_no_limits_are_set_a_person_looks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings(), "currency", "KWD")
        assert codes(request(amount=1, monthly=1), scored(), sheet()) == ("REFER", ["AMOUNT_NEEDS_REVIEW"])


def reasons(of: AskedTerms, on: FactSheet) -> list[str]:
    return codes(of, scored(), on)[1]
