"""What a partner may write into each rule: its shape, what it must be, and its words. The product keeps it under its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import partial
from typing import Any

from domain.facts.vocabulary import OCCUPATIONS
from domain.people.profiles import ADULT_YEARS, AGE_MAX
from infra.errors import Faults, invalid
from infra.regions import is_region
from infra.words import N_

REGIONS_MAX = 100


class Shape(StrEnum):
    """How a value is written: in a product's row, in the catalogue, in a form."""

    WHOLE = "WHOLE"  # an int
    MONEY = "MONEY"  # a decimal string in the product's currency
    TEXTS = "TEXTS"  # a list, sorted, each once


@dataclass(frozen=True)
class RuleInput:
    """`check` refuses INVALID what says nothing, or nothing that could be. `choices`: all texts that there are, if few.

    `meaning` is what the partner's schema says of it, `label` stands beside its field on a form, `hint` in it while it is empty.
    """

    name: str
    shape: Shape
    check: Callable[[Any], None]
    meaning: str
    label: str
    hint: str = "–"
    choices: tuple[str, ...] = ()


def check(rules: Mapping[str, Any]) -> None:
    """Refuses INVALID every rule that says nothing, or nothing that could be, or that this program does not know."""
    faults = Faults()
    for name, value in rules.items():
        faults.of(partial(_check_one, name, value))
    faults.refuse()
    _check_age_order(rules)


def _check_one(name: str, value: object) -> None:
    if name not in INPUTS or not _has_shape(INPUTS[name].shape, value):
        raise invalid(N_("We cannot read this rule. Enter it again, or clear it."), ("input", "rules", name))
    INPUTS[name].check(value)


def _has_shape(shape: Shape, value: object) -> bool:
    match shape, value:
        case Shape.TEXTS, list():
            return all(isinstance(one, str) for one in value)
        case Shape.WHOLE, int():
            return not isinstance(value, bool)
        case Shape.MONEY, str():
            return _is_number(value)
    return False


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _check_age(field: str) -> Callable[[int], None]:
    def check(age: int) -> None:
        if not ADULT_YEARS <= age <= AGE_MAX:
            sentence = N_("Enter an age from {low} to {high}.")
            raise invalid(sentence, ("input", "rules", field), low=ADULT_YEARS, high=AGE_MAX)

    return check


def _check_age_order(rules: Mapping[str, Any]) -> None:
    if rules.get("age_min", ADULT_YEARS) > rules.get("age_max", AGE_MAX):
        raise invalid(
            N_("The lowest age cannot be above the highest, {high}."),
            ("input", "rules", "ageMin"),
            high=rules["age_max"],
        )


def _check_regions(codes: list[str]) -> None:
    if not 1 <= len(codes) <= REGIONS_MAX or not all(is_region(code) for code in codes):
        raise invalid(
            N_("Name 1 to {most} regions by their ISO 3166-2 codes, as CN-SH; for all regions, clear the rule."),
            ("input", "rules", "regions"),
            most=REGIONS_MAX,
        )


def _check_occupations(codes: list[str]) -> None:
    if not codes or not set(OCCUPATIONS).issuperset(codes):
        raise invalid(
            N_("Choose occupations from {known}; to allow all, clear the rule."),
            ("input", "rules", "occupations"),
            known=", ".join(OCCUPATIONS),
        )


def _check_income(amount: str) -> None:
    if Decimal(amount) <= 0:
        raise invalid(
            N_("Enter an income above 0, or clear the rule."),
            ("input", "rules", "incomeAtLeast"),
        )


INPUTS: Mapping[str, RuleInput] = {
    each.name: each
    for each in (
        RuleInput(
            "age_min", Shape.WHOLE, _check_age("ageMin"), "In full years, included.", N_("Age from"), str(ADULT_YEARS)
        ),
        RuleInput("age_max", Shape.WHOLE, _check_age("ageMax"), "In full years, included.", N_("Age to")),
        RuleInput(
            "income_at_least",
            Shape.MONEY,
            _check_income,
            "Of a month, as far as it is known.",
            N_("Monthly income at least"),
        ),
        RuleInput(
            "regions",
            Shape.TEXTS,
            _check_regions,
            "ISO 3166-2: the person lives in one of them.",
            N_("Regions"),
            N_("all; or as CN-SH CN-BJ"),
        ),
        RuleInput(
            "occupations",
            Shape.TEXTS,
            _check_occupations,
            f"The person does one of them: {', '.join(OCCUPATIONS)}.",
            N_("Occupations"),
            N_("none ticked: any"),
            choices=OCCUPATIONS,
        ),
    )
}
