"""The table of rules says the same of one pair, of one person and all products, and of all people and one product."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import product as pairs

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.credit.grades import Grade
from domain.facts.vocabulary import OCCUPATIONS
from domain.market import eligibility, rules
from domain.market.applicants import Applicant, applicant_of, people_of
from domain.market.columns import columns_of
from domain.market.kinds import ProductKind
from domain.market.pairing import Pairing
from domain.market.products import DecisionMode, Product
from domain.market.rules import CODES
from tests.domain.market import oracle
from tests.domain.matching import goods

GRADES = (None, *Grade)


def applicants(count: int, seed: int = 2) -> list[Applicant]:
    sheets = goods.sheets(count, seed)
    scored = [None if grade is None else goods.scored(grade=grade) for grade in GRADES]
    return [applicant_of(sheet, scored[place % 5], 50_000 * (place % 3)) for place, sheet in enumerate(sheets)]


texts = st.sampled_from
maybe = st.none
people = st.builds(
    Applicant,
    age=maybe() | st.integers(0, 121),
    region=maybe() | texts([*goods.REGIONS, "CN-XZ"]),
    occupation=maybe() | texts(OCCUPATIONS),
    income=maybe() | st.integers(0, 2_000_000) | texts([299_999, 300_000, 300_001]),
    grade=maybe() | texts(list(Grade)),
    currency=texts(["CNY", "JPY"]),
    burden=st.integers(0, 400_000),
    is_behind=st.booleans(),
)


def _rules(asks: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in asks.items() if value is not None}


@st.composite
def products(draw: st.DrawFn) -> Product:
    currency = draw(texts(["CNY", "JPY", "KWD"]))
    is_rental, low = draw(st.booleans()), draw(st.integers(1, 300)) * 10_000
    asks = {
        "age_min": draw(maybe() | st.integers(18, 40)),
        "age_max": draw(maybe() | st.integers(40, 120)),
        "regions": draw(maybe() | st.lists(texts(goods.REGIONS), min_size=1, unique=True)),
        "occupations": draw(maybe() | st.lists(texts(OCCUPATIONS), min_size=1, unique=True)),
        "income_at_least": draw(maybe() | texts(["3000", "300000"])),
    }
    return goods.product(
        draw(st.integers(1, 10**9)),
        kind=ProductKind.RENTAL if is_rental else ProductKind.LOAN,
        currency=currency,
        amount_min=low,
        amount_max=low if is_rental else low * draw(st.integers(1, 5)),
        annual_rate=None if is_rental else draw(texts([Decimal(0), Decimal("0.12")])),
        term_months=draw(texts([[3, 6, 12], [24], [1]])),
        grade_at_least=draw(maybe() | texts(list(Grade))),
        decision=draw(texts(list(DecisionMode))),
        rules=_rules(asks),
    )


@settings(deadline=None)
@given(st.lists(people, min_size=1, max_size=6), st.lists(products(), min_size=1, max_size=6, unique_by=lambda p: p.id))
def test_the_three_orientations_and_the_oracle_agree(who: list[Applicant], what: list[Product]) -> None:
    what.sort(key=lambda product: product.id.bytes)
    everybody, shelf = people_of(who), columns_of(what)
    each_alone, each_product = [people_of([one]) for one in who], [columns_of([product]) for product in what]
    for asked, alone in ((eligibility.seeing, oracle.seeing), (eligibility.applying, oracle.applying)):
        told = [[alone(product, one) for product in what] for one in who]
        table = asked(Pairing(everybody, shelf))
        one_by_all = [asked(Pairing(one, shelf))[0].tolist() for one in each_alone]
        all_by_one = [asked(Pairing(everybody, product))[:, 0].tolist() for product in each_product]
        one_by_one = [[asked(Pairing(one, product)).item() for product in each_product] for one in each_alone]
        assert [[CODES[code] for code in row] for row in table.tolist()] == told
        assert one_by_all == one_by_one == np.array(all_by_one).T.tolist() == table.tolist()


@settings(deadline=None)
@given(people, products())
def test_one_pair_is_told_all_that_stands_between_them(who: Applicant, what: Product) -> None:
    standing = eligibility.standing(what, who)
    assert standing is not None
    unmet, unknown, declined = oracle.verdicts(what, who)
    assert [reason.code for reason in standing.unmet] == unmet
    assert [reason.code for _, reason in standing.missing] == unknown
    assert [reason.code for reason in standing.declined] == declined
    for reason in standing.reasons:
        assert reason.message.format(**reason.values)


def test_invented_people_and_products_meet_every_rule() -> None:
    """So that the tests that count them leave none out."""
    table = eligibility.applying(Pairing(people_of(applicants(40)), columns_of(goods.products(400))))
    assert {CODES[code] for code in np.unique(table)} == set(CODES)


def test_people_are_counted_as_each_would_be_answered() -> None:
    who, what = applicants(60), sorted(goods.products(60), key=lambda product: product.id.bytes)
    found = eligibility.counts(people_of(who), columns_of(what), range(60))
    told = [[oracle.applying(product, one) for one in who] for product in what]
    assert found.tolist() == [[codes.count(code) for code in CODES] for codes in told]


def test_what_is_seen_is_never_less_than_what_can_be_had() -> None:
    pair = Pairing(people_of(applicants(40)), columns_of(goods.products(400)))
    can_see = eligibility.seeing(pair) == rules.ELIGIBLE
    can_have = eligibility.applying(pair) == rules.ELIGIBLE
    assert can_see[can_have].all() and can_see.sum() > can_have.sum() > 0


def test_each_code_has_its_words_and_none_twice() -> None:
    assert len(set(CODES)) == len(CODES)
    assert set(rules.ABOUT) == {*CODES} - {"ELIGIBLE"}


class TestCurrencies:
    """An amount is compared with amounts of its own currency alone, in its own minor units."""

    def first(self, currency: str, income_at_least: str, who: Applicant) -> str:
        product = goods.product(currency=currency, rules={"income_at_least": income_at_least})
        return CODES[eligibility.applying(Pairing(people_of([who]), columns_of([product]))).item()]

    @pytest.mark.parametrize(("currency", "minor"), [("CNY", 30_000_000), ("JPY", 300_000), ("KWD", 300_000_000)])
    def test_a_threshold_is_met_to_the_last_minor_unit(self, currency: str, minor: int) -> None:
        who = replace(RICH, income=minor, currency=currency)
        assert self.first(currency, "300000", who) == "ELIGIBLE"
        assert self.first(currency, "300000", replace(who, income=minor - 1)) == "INCOME_TOO_LOW"

    @pytest.mark.parametrize(("has", "asks"), [*pairs(("CNY", "JPY", "KWD"), repeat=2)])
    def test_an_income_in_another_currency_is_unknown(self, has: str, asks: str) -> None:
        who = replace(RICH, income=10**12, currency=has)
        assert self.first(asks, "3000", who) == ("ELIGIBLE" if has == asks else "INCOME_UNKNOWN")

    def test_and_so_is_what_it_could_carry(self) -> None:
        dear = columns_of([goods.product(currency="JPY", amount_min=10**9, amount_max=10**9)])
        poor = replace(RICH, income=1, currency="CNY")
        assert eligibility.seeing(Pairing(people_of([poor]), dear)).item() == rules.ELIGIBLE
        yen = people_of([replace(poor, currency="JPY")])
        assert CODES[eligibility.seeing(Pairing(yen, dear)).item()] == "BURDEN_TOO_HIGH"


RICH = Applicant(age=40, region="CN-SH", occupation="employee", income=None, grade=Grade.A)


class TestARowThatCannotBeRead:
    """It may be of a later version of the program, or of somebody's hand: it is offered to nobody, and harms no other."""

    @pytest.mark.parametrize(
        "malformed",
        [
            {"rules": {"income_at_least": "a lot"}},
            {"rules": {"income_at_least": "NaN"}},
            {"rules": {"income_at_least": 3000}},
            {"rules": {"income_at_least": "3000.001"}},
            {"rules": {"age_min": "21"}},
            {"rules": {"age_max": True}},
            {"rules": {"age_min": 40, "age_max": 30}},
            {"rules": {"regions": "CN-SH"}},
            {"rules": {"regions": [5]}},
            {"rules": {"regions": None}},
            {"rules": {"occupations": {"student": 1}}},
            {"rules": {"occupations": []}},
            {"rules": {"years_employed": 3}},
            {"rules": ["CN-SH"]},
            {"rules": None},
            {"term_months": []},
            {"currency": "XYZ"},
            {"annual_rate": Decimal("NaN")},
        ],
    )
    def test_is_left_out(self, malformed: dict[str, object]) -> None:
        good, bad = goods.product(1), goods.product(2, **malformed)
        assert [product.id for product in columns_of([good, bad]).products] == [good.id]
        assert eligibility.standing(bad, RICH) is None
        assert eligibility.standing(good, RICH) is not None
