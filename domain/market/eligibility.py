"""Who may have a product: rules that are checked before anything is ranked, decided or shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.credit.grades import Grade
from domain.credit.policy import monthly_income
from domain.credit.reasons import Reason
from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import OCCUPATIONS
from domain.market.products import Product
from domain.people.profiles import ADULT_YEARS, age_on
from infra.clock import local_day
from infra.words import N_


@dataclass(frozen=True)
class Applicant:
    """What the rules may know of a person; None is unknown, and unknown alone excludes nobody from seeing a product."""

    age: int | None
    region: str | None
    occupation: str | None
    income: Decimal | None
    grade: Grade | None


def applicant_of(sheet: FactSheet, grade: Grade | None) -> Applicant:
    birth, region, occupation = (sheet.values.get(f"profile.{name}") for name in ("birth_date", "region", "occupation"))
    return Applicant(
        age=age_on(birth, local_day(sheet.as_of)) if isinstance(birth, date) else None,
        region=region if isinstance(region, str) else None,
        # In a person's own words it is unknown: they are not read.
        occupation=occupation if isinstance(occupation, str) and occupation in OCCUPATIONS else None,
        income=monthly_income(sheet),
        grade=grade,
    )


def against(product: Product, who: Applicant) -> Iterator[Reason]:
    """The rules of this product that this person does not meet."""
    rules = product.rules
    if who.age is not None:
        low, high = max(ADULT_YEARS, rules.get("age_min", ADULT_YEARS)), rules.get("age_max", 200)
        if not low <= who.age <= high:
            yield Reason("AGE_OUTSIDE", N_("This product is for ages {low} to {high}."), {"low": low, "high": high})
    if who.region is not None and rules.get("regions") and who.region not in rules["regions"]:
        yield Reason("OUTSIDE_AREA", N_("This product is not offered in your region."))
    if who.occupation is not None and who.occupation not in rules.get("occupations", OCCUPATIONS):
        yield Reason("OCCUPATION_OUTSIDE", N_("This product is for people of other occupations."))
    if who.income is not None and who.income < Decimal(rules.get("income_at_least", "0")):
        yield Reason(
            "INCOME_TOO_LOW",
            N_("This product asks for an income of {income} a month."),
            {"income": rules["income_at_least"]},
        )
    if product.grade_at_least and who.grade and not who.grade.is_at_least(product.grade_at_least):
        yield Reason(
            "GRADE_TOO_LOW",
            N_("This product asks for grade {asked}; yours is {grade}."),
            {"asked": product.grade_at_least.value, "grade": who.grade.value},
        )


def is_eligible(product: Product, who: Applicant) -> bool:
    return next(against(product, who), None) is None
