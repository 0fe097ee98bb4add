"""The seeded catalogue: enough of everything, within the law at every amount and term, and read strictly."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

import pytest

from domain.credit.grades import Grade
from domain.market import catalogue
from domain.market.catalogue import Malformed
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
from domain.market.quoting import quote
from domain.market.terms.cap import COST_CAP

LOAN, RENTAL, ELECTRONICS, AESTHETICS = map(ProductKind, ("LOAN", "RENTAL", "ELECTRONICS", "AESTHETICS"))
OFFERED = catalogue.read()
PARTNER_CODES = {partner.id: partner.code for partner in OFFERED.partners}
PROMISE_THRESHOLD = 6_000_00  # where the promised time of a partner's answer changes

SMALL = """
currency = "CNY"
[[partner]]
code = "corner"
name = "街角"
purpose = "LENDING"
usually = { kind = "LOAN", decision = "PARTNER", term_months = [3, 6] }
products = [
  { sku = "one", title = "一", amount_min = "500.00", amount_max = "1000.50", annual_rate = "0.12", rules = { age_min = 20 } },
  { sku = "two", title = "二", kind = "RENTAL", rent = "1200.00", deposit = "1200.00", term_months = [6] },
]
"""


def test_enough_partners_and_products_of_every_kind() -> None:
    assert len(OFFERED.partners) == 11
    assert Counter(product.kind for product in OFFERED.products) == {
        LOAN: 25,
        RENTAL: 23,
        ELECTRONICS: 30,
        AESTHETICS: 4,
    }


def test_every_kind_is_decided_both_at_once_and_by_partners() -> None:
    decided = {(product.kind, product.decision) for product in OFFERED.products}
    assert decided == {(kind, mode) for kind in ProductKind for mode in DecisionMode}


def test_codes_skus_and_titles_within_a_partner_are_unique() -> None:
    assert len({partner.code for partner in OFFERED.partners}) == len(OFFERED.partners)
    assert len({product.sku for product in OFFERED.products}) == len(OFFERED.products)
    assert len({(product.partner_id, product.title) for product in OFFERED.products}) == len(OFFERED.products)


def test_every_partner_has_something_to_offer() -> None:
    assert {product.partner_id for product in OFFERED.products} == set(PARTNER_CODES)


def test_every_product_suits_its_partners_purpose() -> None:
    purposes = {partner.id: partner.purpose for partner in OFFERED.partners}
    suits = {LOAN: {"LENDING"}, RENTAL: {"RENTING"}, ELECTRONICS: {"SHOPPING", "LENDING"}, AESTHETICS: {"SHOPPING"}}
    assert [
        product.sku for product in OFFERED.products if purposes[product.partner_id] not in suits[product.kind]
    ] == []


@pytest.mark.parametrize("product", OFFERED.products, ids=lambda product: product.sku)
def test_no_amount_over_any_term_costs_more_than_the_cap(product: Product) -> None:
    amounts = {product.amount_min, (product.amount_min + product.amount_max) // 2, product.amount_max}
    quotes = [quote(product, amount, term) for amount in amounts for term in product.term_months]
    assert max(quoted.annual_cost for quoted in quotes) <= COST_CAP
    assert not any(quoted.costs_more_than(COST_CAP) for quoted in quotes)


def test_terms_stand_shortest_first() -> None:
    for product in OFFERED.products:
        assert product.term_months == sorted(set(product.term_months)), product.sku


def test_loans_are_of_a_size_and_rate_that_young_people_ask_for() -> None:
    loans = of_kind(LOAN)
    assert (min(loan.amount_min for loan in loans), max(loan.amount_max for loan in loans)) == (500_00, 50_000_00)
    rates = [loan.annual_rate for loan in loans if loan.annual_rate is not None]
    assert len(rates) == len(loans)
    assert (min(rates), max(rates)) == (Decimal("0.072"), Decimal("0.216"))


def test_loans_that_partners_decide_lie_on_both_sides_of_the_promise_threshold() -> None:
    across = [
        loan.sku
        for loan in of_kind(LOAN)
        if loan.decision == DecisionMode.PARTNER and loan.amount_min < PROMISE_THRESHOLD < loan.amount_max
    ]
    assert {"ldb-everyday", "ldb-moving", "shq-stall"} <= set(across)


def test_the_demo_bank_decides_loans_and_electronics_itself() -> None:
    own = Counter(
        product.kind
        for product in OFFERED.products
        if PARTNER_CODES[product.partner_id] == "longan-demo-bank" and product.decision == DecisionMode.PARTNER
    )
    assert own == {LOAN: 4, ELECTRONICS: 3}


def test_a_rental_has_one_rent_and_a_home_asks_for_one_to_two_months() -> None:
    for rental in of_kind(RENTAL):
        assert (rental.amount_min, rental.annual_rate) == (rental.amount_max, None), rental.sku
    homes = [
        rental for rental in of_kind(RENTAL) if PARTNER_CODES[rental.partner_id] in {"yanxia-homes", "judeng-living"}
    ]
    assert len(homes) == 17
    for home in homes:
        assert 1_200_00 <= home.amount_min <= 6_500_00, home.sku
        assert home.amount_min <= home.deposit <= 2 * home.amount_min, home.sku
        assert home.term_months == [6, 12], home.sku


@pytest.mark.parametrize("kind", [LOAN, RENTAL, ELECTRONICS])
def test_somebody_with_the_lowest_grade_finds_something_small(kind: ProductKind) -> None:
    open_to_all = [one for one in of_kind(kind) if one.grade_at_least in {None, Grade.D} and not one.rules]
    assert len(open_to_all) >= 3
    assert min(one.amount_min for one in open_to_all) <= 1_500_00


def test_three_products_are_sponsored_and_say_so() -> None:
    sponsored = [product.sku for product in OFFERED.products if product.sponsored]
    assert sponsored == ["qtd-daily", "yx-studio", "bl-phone-flagship"]


def test_ids_are_the_same_on_every_machine() -> None:
    assert catalogue.partner_id("longan-demo-bank") == UUID("3cf572be-edd6-59c3-97d9-593d322d5ab4")
    assert catalogue.product_id("longan-demo-bank", "ldb-everyday") == UUID("4e01a205-6e7f-544e-8ef9-5590048d0ac2")


def test_a_product_takes_what_its_partners_products_share_and_may_say_otherwise() -> None:
    one, two = catalogue.read(SMALL).products
    assert (one.kind, one.decision, one.term_months) == (LOAN, DecisionMode.PARTNER, [3, 6])
    assert (one.amount_min, one.amount_max, one.annual_rate, one.fee_rate) == (
        500_00,
        1000_50,
        Decimal("0.12"),
        Decimal(0),
    )
    assert (one.rules, one.grade_at_least, one.sponsored) == ({"age_min": 20}, None, False)
    assert (two.kind, two.term_months, two.amount_min, two.amount_max, two.deposit) == (
        RENTAL,
        [6],
        1200_00,
        1200_00,
        1200_00,
    )


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('currency = "CNY"', "", "catalogue: currency: missing"),
        ('"街角"', '""', "partner corner: name: not a text in quotes"),
        ('"LENDING"', '"GIVING"', "partner corner: purpose: 'GIVING' is not a valid Purpose"),
        ('"LENDING"', '"LENDING"\nmotto = "x"', "partner corner: motto: no such field"),
        ('code = "corner"\n', "", "partner 1: code: missing"),
        ('sku = "two", ', "", "partner corner, product 2: sku: missing"),
        ('"two"', '"one"', "partner corner, product one: there twice"),
        ('"500.00"', '"500.001"', "partner corner, product one: amount_min: CNY has 2 decimals"),
        ('"500.00"', "500.00", "partner corner, product one: amount_min: not a text in quotes"),
        (
            '"500.00"',
            '"5000.00"',
            "partner corner, product one: amount_min: The smallest amount must be above 0, and no higher than the largest.",
        ),
        (
            '"0.12"',
            '"12"',
            "partner corner, product one: annual_rate: "
            "A rate is a fraction from 0 to below 1 with at most five decimals, as 0.12.",
        ),
        (
            '"0.12"',
            '"0.25"',
            "partner corner, product one: annual_rate: All told, this would cost 25.00% a year; the law allows up to 24%.",
        ),
        ('"0.12"', '"dear"', "partner corner, product one: annual_rate: not a number"),
        ('annual_rate = "0.12", ', "", "partner corner, product one: annual_rate: missing"),
        (
            'rent = "1200.00"',
            'rent = "1200.00", annual_rate = "0.1"',
            "partner corner, product two: annual_rate: no such field",
        ),
        (
            "[3, 6]",
            "[6, 3]",
            "partner corner, product one: term_months: "
            "Terms are 1 to 12 different numbers of months, shortest first, the longest up to 84.",
        ),
        ("[3, 6]", "[3, true]", "partner corner, product one: term_months: not a list of whole numbers"),
        ("age_min = 20", "age_min = 17", "partner corner, product one: rules.age_min: Enter an age from 18 to 120."),
        ("age_min = 20", 'age_min = "20"', "partner corner, product one, rules: age_min: not a whole number"),
        ("age_min = 20", "height = 170", "partner corner, product one, rules: height: no such field"),
        (
            "age_min = 20",
            'regions = ["CN-XX"]',
            "partner corner, product one: rules.regions: "
            "Name 1 to 100 regions by their ISO 3166-2 codes, as CN-SH; for all regions, clear the rule.",
        ),
        ("age_min = 20", 'regions = "CN-SH"', "partner corner, product one, rules: regions: not a list of texts"),
        (
            "age_min = 20",
            'occupations = ["astronaut"]',
            "partner corner, product one: rules.occupations: Choose occupations from "
            "student, employee, self-employed, gig-worker, homemaker, unemployed; to allow all, clear the rule.",
        ),
        (
            "age_min = 20",
            'income_at_least = "much"',
            "partner corner, product one, rules: income_at_least: not a number",
        ),
        ('deposit = "1200.00"', "sponsored = 1", "partner corner, product two: sponsored: neither true nor false"),
        ("usually = {", "usually = [] #{", "partner corner: usually: not a table"),
    ],
)
def test_a_malformed_file_is_refused_by_partner_product_and_field(right: str, wrong: str, complaint: str) -> None:
    assert SMALL.count(right) == 1
    with pytest.raises(Malformed) as refused:
        catalogue.read(SMALL.replace(right, wrong))
    assert str(refused.value) == complaint


def test_what_is_no_toml_is_refused_by_line() -> None:
    with pytest.raises(Malformed, match=r"catalogue: .*line 3"):
        catalogue.read('currency = "CNY"\n\n[[partner]\n')


def of_kind(kind: ProductKind) -> list[Product]:
    return [product for product in OFFERED.products if product.kind == kind]
