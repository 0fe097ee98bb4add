"""What things cost: exact to the cent, and the whole of it."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credit.grades import Grade
from domain.market import quoting, standards
from domain.market.kinds import ProductKind
from domain.market.products import Product
from domain.market.terms import deposits
from domain.market.terms.cap import COST_CAP
from domain.money.cap import Flow, costs_more, terms_cost_more, unit_periods
from domain.money.instalments import annual_cost, plan
from domain.money.loans import Amortisation
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

    def test_interest_alone_each_month_and_all_of_it_with_the_last(self) -> None:
        quoted = quoting.quote(
            product(amortisation=Amortisation.INTEREST_ONLY, fee_rate=Decimal("0.01")), 1_000_000, 12
        )
        assert [row.due for row in quoted.instalments] == [10_000] * 11 + [1_010_000]
        assert (quoted.monthly_payment, quoted.total_cost, quoted.is_even) == (10_000, 1_120_000 + 10_000, True)
        assert quoted.monthly_burden == 93_334  # a month's part of 11,200 yuan

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


class TestTheLegalCap:
    @pytest.mark.parametrize(
        ("received", "payment", "months", "first", "told"),
        [(500_000, 23_000, 24, (0, 0), "0.0969"), (600_000, 20_000, 36, (0, 19), "0.1182")],
        ids=["a regular first period", "a long first period"],
    )
    def test_counts_as_the_examples_of_appendix_j(
        self, received: int, payment: int, months: int, first: tuple[int, int], told: str
    ) -> None:
        more, days = first
        flows = [Flow(-received, 0), *(Flow(payment, more + month, days) for month in range(1, months + 1))]
        half = Decimal("0.00005")
        assert costs_more(flows, Decimal(told) - half) and not costs_more(flows, Decimal(told) + half)

    @pytest.mark.parametrize(
        ("start", "until", "counted"),
        [
            (date(1978, 1, 10), date(1978, 2, 10), (1, 0)),
            (date(1978, 2, 10), date(1978, 4, 1), (1, 19)),
            (date(2026, 1, 31), date(2026, 3, 31), (2, 0)),
            (date(2026, 1, 30), date(2026, 2, 28), (0, 29)),
            (date(2027, 12, 31), date(2028, 2, 29), (1, 29)),
            (date(2026, 12, 31), date(2027, 1, 1), (0, 1)),
            (date(2026, 5, 5), date(2026, 5, 5), (0, 0)),
        ],
    )
    def test_odd_days_come_before_the_whole_months(self, start: date, until: date, counted: tuple[int, int]) -> None:
        assert unit_periods(start, until) == counted

    @given(
        rate=st.decimals(0, Decimal("0.5"), places=5),
        fee=st.decimals(0, Decimal("0.1"), places=5),
        months=st.integers(1, 84),
    )
    def test_of_rates_is_that_of_an_amount_so_large_that_cents_do_not_count(
        self, rate: Decimal, fee: Decimal, months: int
    ) -> None:
        quoted = quoting.quote(product(fee_rate=fee, annual_rate=rate), 10**15, months)
        if abs(quoted.yearly_return - COST_CAP) > Decimal("1e-9"):
            assert terms_cost_more(rate, fee, months, COST_CAP) == (quoted.yearly_return > COST_CAP)

    @given(
        rate=st.decimals(0, Decimal("0.3"), places=5),
        fee=st.decimals(0, Decimal("0.1"), places=5),
        terms=st.lists(st.integers(1, 84), min_size=1, max_size=4, unique=True),
    )
    def test_the_shortest_term_speaks_for_all(self, rate: Decimal, fee: Decimal, terms: list[int]) -> None:
        offered = product(fee_rate=fee, annual_rate=rate, term_months=terms)
        above = any(terms_cost_more(rate, fee, months, COST_CAP) for months in terms)
        assert quoting.is_within_cap(offered) is not above

    def test_is_not_passed_by_what_equals_it(self) -> None:
        assert not terms_cost_more(COST_CAP, Decimal(0), 12, COST_CAP)
        assert terms_cost_more(COST_CAP + Decimal("0.00001"), Decimal(0), 12, COST_CAP)

    @given(amount=st.integers(50_000, 50_000_000), months=st.sampled_from([1, 3, 6, 7, 12, 36, 84]))
    def test_is_not_passed_by_the_cents_of_what_is_lent_at_it(self, amount: int, months: int) -> None:
        quoted = quoting.quote(product(annual_rate=COST_CAP), amount, months)
        assert sum(row.principal for row in quoted.instalments) == amount
        assert quoted.annual_cost <= COST_CAP or amount < 500_000
        if quoted.annual_cost == COST_CAP:
            assert not quoted.costs_more_than(COST_CAP)

    def test_is_compared_before_anything_is_rounded(self) -> None:
        offered = product(annual_rate=Decimal("0.24004"), sku="above")
        with pytest.raises(Refusal, match=r"^COST_ABOVE_CAP$") as refused:
            standards.check(offered)
        assert refused.value.field == ("input", "annualRate")
        assert refused.value.values == {"cost": "24.004%", "cap": "24%"}
        standards.check(product(annual_rate=Decimal("0.24"), sku="at-it"))


class TestWhatIsTooSmall:
    @pytest.mark.parametrize(
        ("amount", "rate", "months"),
        [
            (1, "0", 84),  # nothing for 83 months
            (60, "0", 84),  # repaid too soon, then nothing
            (50, "0.24", 84),  # interest alone, then all of it
            (300, "0.24", 84),  # the cents of 83 months on the last
        ],
    )
    def test_for_so_many_instalments_is_refused(self, amount: int, rate: str, months: int) -> None:
        quoted = quoting.quote(product(annual_rate=Decimal(rate)), amount, months)
        with pytest.raises(Refusal, match=r"^INVALID$") as refused:
            quoting.refuse_uneven(quoted, months, ("input", "amount"))
        assert refused.value.field == ("input", "amount")
        assert refused.value.values == {"months": months}

    def test_cannot_be_offered(self) -> None:
        offered = product(amount_min=1, annual_rate=Decimal(0), term_months=[12, 84])
        with pytest.raises(Refusal, match=r"^INVALID$") as refused:
            standards.check(offered)
        assert (refused.value.field, refused.value.values) == (("input", "amountMin"), {"months": 12})

    @pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
    def test_does_not_depend_on_the_decimals_of_a_currency(self, currency: str) -> None:
        offered = product(currency=currency, amount_min=12, amount_max=12, annual_rate=Decimal(0), term_months=[12])
        assert [row.due for row in quoting.quote(offered, 12, 12).instalments] == [1] * 12
        standards.check(offered)

    @given(amount=st.integers(1, 20_000), rate=st.decimals(0, Decimal("0.24"), places=3), months=st.integers(1, 84))
    def test_or_else_each_month_repays_something(self, amount: int, rate: Decimal, months: int) -> None:
        quoted = quoting.quote(product(annual_rate=rate), amount, months)
        is_refused = False
        try:
            quoting.refuse_uneven(quoted, months, ("input", "amount"))
        except Refusal:
            is_refused = True
        dues = [row.due for row in quoted.instalments]
        assert is_refused == (min(row.principal for row in quoted.instalments) < 1 or dues[-1] > 2 * dues[0])


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

    @pytest.mark.parametrize("kind", [ProductKind.ELECTRONICS, ProductKind.AESTHETICS])
    def test_of_goods_and_treatments_is_a_loans_and_holds_nothing(self, kind: ProductKind) -> None:
        quoted = quoting.quote(product(kind, deposit=50_000), 100_000, 6, grade=Grade.A)
        assert quoted == quoting.quote(product(), 100_000, 6)
        assert (quoted.deposit, quoted.deposit_waived) == (0, 0)

    def test_takes_a_partners_own_rate_also_if_it_is_zero(self) -> None:
        assert quoting.quote(product(), 120_000, 12, annual_rate=Decimal(0)).total_cost == 120_000

    def test_above_the_cap_is_refused(self) -> None:
        quoting.refuse_above_cap(quoting.quote(product(), 100_000, 12, annual_rate=Decimal("0.24")), ("terms",))
        with pytest.raises(Refusal, match=r"^COST_ABOVE_CAP$") as refused:
            quoting.refuse_above_cap(quoting.quote(product(), 100_000, 12, annual_rate=Decimal("0.2410")), ("terms",))
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
