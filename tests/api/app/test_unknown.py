"""Unknown is not yes: what a product asks for must be told before anybody applies, and everybody says so alike."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from domain.market.products import DecisionMode, Product
from infra.database import transaction
from infra.ids import global_id
from tests.api.offering import close
from tests.api.people import open_shop
from tests.applying import apply, left_behind
from tests.phones import NewPhone, Phone

WHY_NOT = "query ($id: ID!) { viewer { whyNot(productId: $id) { isOffered reasons { code message } } } }"
ASKS: dict[str, Any] = {"regions": ["CN-BJ"], "occupations": ["student"], "income_at_least": "50000.00"}
ANSWERS: dict[str, Any] = {
    "region": "CN-BJ",
    "occupation": "student",
    "monthlyIncome": {"amount": "60000.00", "currency": "CNY"},
}
NAMES = {"regions": "region", "occupations": "occupation", "income_at_least": "monthlyIncome"}
SENTENCES = {
    "region": "Add your region to your profile first: this product is offered in some regions only.",
    "occupation": "Choose your occupation from the list in your profile first: this product is for some occupations only.",
    "monthlyIncome": "Add your monthly income in CNY to your profile first: this product asks for 50000.00 a month.",
}
CODES = {"region": "REGION_UNKNOWN", "occupation": "OCCUPATION_UNKNOWN", "monthlyIncome": "INCOME_UNKNOWN"}
REFUSED = {"region": "OUTSIDE_AREA", "occupation": "OCCUPATION_OUTSIDE", "monthlyIncome": "INCOME_TOO_LOW"}


@pytest.fixture
async def loan() -> AsyncIterator[UUID]:
    shop = await open_shop()
    yield shop.product.id
    await close(shop)


async def change(product_id: UUID, **columns: Any) -> None:
    async with transaction() as db:
        await db.execute(update(Product).where(Product.id == product_id).values(**columns))


async def reasons(person: Phone, product_id: UUID) -> tuple[bool, list[str]]:
    told = (await person.ask(WHY_NOT, id=global_id("Product", product_id)))["viewer"]["whyNot"]
    return told["isOffered"], [reason["code"] for reason in told["reasons"]]


@pytest.fixture
async def silent(member: Phone) -> Phone:
    """Grown up, with a score from an account that tells no income, and nothing else said."""
    await member.tell(birthDate="2000-02-03")
    await member.link("wechat")
    await member.settle()
    return member


@pytest.mark.parametrize("mode", list(DecisionMode))
@pytest.mark.parametrize("rule", list(ASKS))
async def test_nobody_passes_a_rule_by_saying_nothing(silent: Phone, loan: UUID, rule: str, mode: DecisionMode) -> None:
    field, id = NAMES[rule], global_id("Product", loan)
    await change(loan, rules={rule: ASKS[rule]}, decision=mode)
    assert await reasons(silent, loan) == (True, ["OFFERED", CODES[field]])
    refused = await apply(silent, id)
    assert (refused["code"], refused["field"]) == ("NOT_ENOUGH_KNOWN", ["input", field])
    assert refused["message"] == SENTENCES[field]
    assert await left_behind(silent.user_id) == (0, 0, 0)
    await silent.tell(**{field: ANSWERS[field]})
    assert await reasons(silent, loan) == (True, ["OFFERED"])
    assert (await apply(silent, id))["__typename"] == "Application"


async def test_nor_by_taking_back_what_was_said(silent: Phone, loan: UUID) -> None:
    """The way in which it was done: out of the area, then of no area."""
    id = global_id("Product", loan)
    await change(loan, rules={"regions": ["CN-BJ"], "occupations": ["student"]}, decision=DecisionMode.INSTANT)
    await silent.tell(region="CN-SH", occupation="employee")
    assert (await apply(silent, id))["code"] == "NOT_ELIGIBLE"
    await silent.tell(region=None, occupation=None)
    assert (await apply(silent, id))["code"] == "NOT_ENOUGH_KNOWN"
    assert await left_behind(silent.user_id) == (0, 0, 0)


@pytest.mark.parametrize("spelt", ["Employee", " EMPLOYEE ", "employee", "ｅｍｐｌｏｙｅｅ"])
async def test_an_occupation_is_known_however_it_is_spelt(silent: Phone, loan: UUID, spelt: str) -> None:
    await change(loan, rules={"occupations": ["student"]})
    assert (await silent.tell(occupation=spelt))["profile"]["occupation"] == "employee"
    assert (await apply(silent, global_id("Product", loan)))["code"] == "NOT_ELIGIBLE"
    await change(loan, rules={"occupations": ["employee"]})
    assert (await apply(silent, global_id("Product", loan)))["__typename"] == "Application"


async def test_ones_own_words_are_kept_and_are_no_answer(silent: Phone, loan: UUID) -> None:
    await change(loan, rules={"occupations": ["student"]})
    assert (await silent.tell(occupation="lighthouse keeper"))["profile"]["occupation"] == "lighthouse keeper"
    refused = await apply(silent, global_id("Product", loan))
    assert (refused["code"], refused["field"]) == ("NOT_ENOUGH_KNOWN", ["input", "occupation"])


async def test_who_is_refused_for_good_is_not_asked_to_tell_more(silent: Phone, loan: UUID) -> None:
    await change(loan, rules={**ASKS, "age_max": 20})
    assert (await apply(silent, global_id("Product", loan)))["code"] == "NOT_ELIGIBLE"
    unknown = [CODES[NAMES[rule]] for rule in ASKS]
    assert await reasons(silent, loan) == (False, ["AGE_OUTSIDE", *unknown])


async def test_without_a_birth_date_its_field_is_named(member: Phone, loan: UUID) -> None:
    await member.link("wechat")
    refused = await apply(member, global_id("Product", loan))
    assert (refused["code"], refused["field"]) == ("NOT_ENOUGH_KNOWN", ["input", "birthDate"])


async def test_without_a_score_an_account_is_asked_for(member: Phone, loan: UUID) -> None:
    await member.tell(birthDate="2000-02-03")
    refused = await apply(member, global_id("Product", loan))
    assert (refused["code"], refused["field"]) == ("NOT_ENOUGH_KNOWN", None)
    assert await reasons(member, loan) == (True, ["OFFERED", "SCORE_UNKNOWN"])


async def test_a_product_whose_row_cannot_be_read_is_offered_to_nobody(silent: Phone, loan: UUID) -> None:
    await change(loan, rules={"years_employed": 3})
    refused = await apply(silent, global_id("Product", loan))
    assert (refused["code"], refused["field"]) == ("NOT_OPEN", ["input", "productId"])
    assert await reasons(silent, loan) == (False, ["NOT_OFFERED"])
    everything = "{ viewer { matches(first: 100) { edges { node { product { id } } } } } }"
    assert (await silent.ask(everything))["viewer"]["matches"]["edges"]
    assert await left_behind(silent.user_id) == (0, 0, 0)


CHOICES = "{ occupations { code label } regions { code label } }"


async def told(person: Phone, language: str) -> Any:
    return (await person.post(CHOICES, None, **{"Accept-Language": language})).json()["data"]


async def test_the_lists_are_told_in_the_language_that_was_asked_for(new_phone: NewPhone) -> None:
    person = await new_phone()
    english, chinese = await told(person, "en"), await told(person, "zh-CN")
    assert english["occupations"][0] == {"code": "student", "label": "Student"}
    assert {"code": "CN-SH", "label": "Shanghai"} in english["regions"]
    assert {"code": "gig-worker", "label": "零工"} in chinese["occupations"]
    assert {"code": "CN-SH", "label": "上海市"} in chinese["regions"]
    for lists in (english, chinese):
        assert (len(lists["occupations"]), len(lists["regions"])) == (6, 34)
