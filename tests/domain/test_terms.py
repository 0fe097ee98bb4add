"""What things cost: exact to the cent, and the whole of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credit.grades import Grade
from domain.market.products import Product, ProductKind
from domain.market.terms import deposits, quoting
from domain.market.terms.instalments import annual_cost, plan
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money


def product(kind: ProductKind = ProductKind.LOAN, **more: object) -> Product:
    told = {
        "id": new_id(),
        "partner_id": new_id(),
        "sku": "x",
        "kind": kind,
        "title": "x",
        "amount_min": 100_000,
        "amount_max": 1_000_000,
        "currency": "CNY",
        "term_months": [6, 12, 24],
        "annual_rate": Decimal("0.12"),
    }
    return Product(**told | more)  # type: ignore[arg-type]


class TestInstalments:
    def test_of_ten_thousand_at_twelve_percent_over_a_year(self) -> None:
        rows = plan(1_000_000, Decimal("0.12"), 12)
        assert [row.due for row in rows] == [88_849] * 11 + [88_847]
        assert (rows[0].principal, rows[0].interest) == (78_849, 10_000)
        assert (rows[-1].principal, rows[-1].interest) == (87_967, 880)
        assert sum(row.principal for row in rows) == 1_000_000

    def test_without_interest_the_last_takes_the_cents(self) -> None:
        assert [row.due for row in plan(100_000, Decimal(0), 3)] == [33_333, 33_333, 33_334]

    @given(
        amount=st.integers(100, 50_000_000),
        rate=st.decimals(0, Decimal("0.36"), places=4),
        months=st.integers(1, 60),
    )
    def test_add_up_whatever_the_amount(self, amount: int, rate: Decimal, months: int) -> None:
        rows = plan(amount, rate, months)
        assert sum(row.principal for row in rows) == amount
        assert [row.number for row in rows] == list(range(1, months + 1))
        assert all(row.due == row.principal + row.interest for row in rows)
        assert len({row.due for row in rows[:-1]}) <= 1 or amount < months * 100
        assert all(row.principal >= 0 and row.interest >= 0 for row in rows)


class TestTheYearlyCost:
    def test_is_the_rate_where_there_is_no_fee(self) -> None:
        payments = [row.due for row in plan(1_000_000, Decimal("0.12"), 12)]
        assert annual_cost(1_000_000, payments) == Decimal("0.1200")

    def test_counts_the_fee(self) -> None:
        payments = [row.due for row in plan(1_000_000, Decimal("0.12"), 12)]
        assert annual_cost(980_000, payments) == Decimal("0.1585")

    def test_is_nothing_where_nothing_is_paid_for(self) -> None:
        assert annual_cost(1_000_000, [500_000, 500_000]) == Decimal(0)


class TestADeposit:
    @pytest.mark.parametrize(
        ("grade", "held", "waived"),
        [(Grade.A, 0, 100_001), (Grade.B, 40_001, 60_000), (Grade.C, 70_001, 30_000), (Grade.D, 100_001, 0)],
    )
    def test_is_waived_by_grade(self, grade: Grade, held: int, waived: int) -> None:
        assert deposits.split(100_001, grade) == (held, waived)

    def test_is_held_from_who_has_none(self) -> None:
        assert deposits.split(100_000, None) == (100_000, 0)


class TestAQuote:
    def test_of_a_loan_counts_its_fee_once(self) -> None:
        quoted = quoting.quote(product(fee_rate=Decimal("0.02")), 1_000_000, 12)
        assert (quoted.monthly_payment, quoted.total_cost) == (88_849, 1_066_186 + 20_000)
        assert (quoted.annual_rate, quoted.annual_cost) == (Decimal("0.12"), Decimal("0.1585"))
        assert (quoted.deposit, quoted.deposit_waived) == (0, 0)

    def test_of_a_rental_is_the_rent(self) -> None:
        rental = product(ProductKind.RENTAL, annual_rate=None, deposit=100_000)
        quoted = quoting.quote(rental, 100_000, 12, grade=Grade.B)
        assert [row.due for row in quoted.instalments] == [100_000] * 12
        assert (quoted.total_cost, quoted.annual_rate, quoted.annual_cost) == (1_200_000, None, Decimal(0))
        assert (quoted.deposit, quoted.deposit_waived) == (40_000, 60_000)

    def test_of_electronics_has_a_deposit(self) -> None:
        quoted = quoting.quote(product(ProductKind.ELECTRONICS, deposit=50_000), 100_000, 6, grade=Grade.A)
        assert (quoted.deposit, quoted.deposit_waived, quoted.annual_cost) == (0, 50_000, Decimal("0.1200"))

    def test_of_a_treatment_is_a_loans(self) -> None:
        quoted = quoting.quote(product(ProductKind.AESTHETICS), 100_000, 6)
        assert quoted == quoting.quote(product(), 100_000, 6)

    def test_takes_a_partners_own_rate_also_if_it_is_zero(self) -> None:
        assert quoting.quote(product(), 120_000, 12, annual_rate=Decimal(0)).total_cost == 120_000

    def test_above_the_cap_is_refused(self) -> None:
        quoting.keep_cap(quoting.quote(product(), 100_000, 12, annual_rate=Decimal("0.24")))
        with pytest.raises(Refusal, match=r"^COST_ABOVE_CAP$") as refused:
            quoting.keep_cap(quoting.quote(product(), 100_000, 12, annual_rate=Decimal("0.2410")))
        assert refused.value.values == {"cost": "24.10%", "cap": "24%"}


class TestAnIllustration:
    @pytest.mark.parametrize(
        ("income", "amount"),
        [(None, 550_000), (0, 100_000), (333_333, 330_000), (99_999_999, 1_000_000)],
    )
    def test_is_for_about_a_months_income_over_about_a_year(self, income: int | None, amount: int) -> None:
        shown = quoting.illustrate(product(), None, income)
        assert (shown.amount, shown.term_months, shown.currency) == (amount, 12, "CNY")

    def test_takes_the_shorter_of_two_terms(self) -> None:
        assert quoting.illustrate(product(term_months=[6, 18]), None, None).term_months == 6


@pytest.mark.parametrize(
    ("amount", "months", "field"),
    [
        (Money(99_999, "CNY"), 12, "amount"),
        (Money(1_000_001, "CNY"), 12, "amount"),
        (Money(100_000, "USD"), 12, "amount"),
        (Money(100_000, "CNY"), 7, "termMonths"),
    ],
)
def test_what_is_not_offered_is_refused(amount: Money, months: int, field: str) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$") as refused:
        quoting.check(product(), amount, months)
    assert refused.value.field == ("input", field)


def test_both_ends_are_offered() -> None:
    for minor in (100_000, 1_000_000):
        quoting.check(product(), Money(minor, "CNY"), 24)
