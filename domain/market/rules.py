"""A partner's own rules of who may have a product: data under these names, checked before they are kept."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any

from domain.facts.vocabulary import OCCUPATIONS
from domain.people.profiles import ADULT_YEARS, AGE_MAX
from infra.errors import invalid
from infra.regions import is_region
from infra.words import N_

REGIONS_MAX = 100


def keep(rules: Mapping[str, Any]) -> None:
    """Refuses INVALID a rule that says nothing, or nothing that could be."""
    for name, value in rules.items():
        CHECKS[name](value)
    if rules.get("age_min", ADULT_YEARS) > rules.get("age_max", AGE_MAX):
        raise invalid(
            N_("The lowest age is at most the highest, {high}."), ("input", "rules", "ageMin"), high=rules["age_max"]
        )


def _keep_age(field: str) -> Callable[[int], None]:
    def check(age: int) -> None:
        if not ADULT_YEARS <= age <= AGE_MAX:
            sentence = N_("An age is {low} to {high} full years.")
            raise invalid(sentence, ("input", "rules", field), low=ADULT_YEARS, high=AGE_MAX)

    return check


def _keep_regions(regions: Collection[str]) -> None:
    if not 1 <= len(regions) <= REGIONS_MAX or not all(is_region(code) for code in regions):
        raise invalid(
            N_("Name 1 to {most} regions by their ISO 3166-2 codes, as CN-SH; for all regions, clear the rule."),
            ("input", "rules", "regions"),
            most=REGIONS_MAX,
        )


def _keep_occupations(occupations: Collection[str]) -> None:
    if not occupations or not set(OCCUPATIONS).issuperset(occupations):
        raise invalid(
            N_("Occupations are some of {known}; for all of them, clear the rule."),
            ("input", "rules", "occupations"),
            known=", ".join(OCCUPATIONS),
        )


def _keep_income(amount: str) -> None:
    if Decimal(amount) <= 0:
        raise invalid(
            N_("An income that is asked for is above nothing; to ask for none, clear the rule."),
            ("input", "rules", "incomeAtLeast"),
        )


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "age_min": _keep_age("ageMin"),
    "age_max": _keep_age("ageMax"),
    "regions": _keep_regions,
    "occupations": _keep_occupations,
    "income_at_least": _keep_income,  # a decimal string in the product's currency
}
