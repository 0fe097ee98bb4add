"""The form in which a change of a product is rehearsed: its rules and terms, as they are typed and as the domain takes them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from starlette.datastructures import FormData

from api.console.pages.numbers import read_whole
from domain.credit.grades import Grade
from domain.market.products import Product
from domain.market.rule_inputs import INPUTS, RuleInput, Shape
from infra.errors import Refusal, invalid
from infra.money import Money
from infra.words import N_

SEPARATORS = str.maketrans(",，、;；", "     ")


def fields_of(product: Product) -> dict[str, Any]:
    """The form as the product is."""
    return {
        **{name: _written(rule, product.rules.get(name)) for name, rule in INPUTS.items()},
        "grade_at_least": product.grade_at_least or "",
        "amount_min": Money(product.amount_min, product.currency).amount,
        "amount_max": Money(product.amount_max, product.currency).amount,
        "term_months": " ".join(map(str, product.term_months)),
        "annual_rate": "" if product.annual_rate is None else f"{(product.annual_rate * 100).normalize():f}",
    }


def read_form(form: FormData) -> dict[str, Any]:
    terms = ("grade_at_least", "amount_min", "amount_max", "term_months", "annual_rate")
    ticked = {name: rule.choices for name, rule in INPUTS.items() if rule.choices}
    return {
        **{name: str(form.get(name, "")).strip() for name in (*INPUTS, *terms) if name not in ticked},
        **{name: [str(each) for each in form.getlist(name) if each in choices] for name, choices in ticked.items()},
    }


def changes_in(said: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """What the form says, as `offering` takes it; an empty field asks for nothing. Refuses INVALID what is no number."""
    return {
        "amount_min": _money(said["amount_min"], currency),
        "amount_max": _money(said["amount_max"], currency),
        "term_months": [_whole(each) for each in said["term_months"].translate(SEPARATORS).split()],
        "annual_rate": _share(said["annual_rate"]),
        "grade_at_least": Grade(said["grade_at_least"]) if said["grade_at_least"] in set(Grade) else None,
        "rules": {name: _read(rule, said[name], currency) for name, rule in INPUTS.items()},
    }


def _written(rule: RuleInput, value: Any) -> Any:
    if rule.shape is Shape.TEXTS:
        return (value or []) if rule.choices else " ".join(value or [])
    return "" if value is None else value


def _read(rule: RuleInput, said: Any, currency: str) -> Any:
    match rule.shape:
        case Shape.WHOLE:
            return _whole(said)
        case Shape.MONEY:
            return _money(said, currency)
        case Shape.TEXTS:
            return (said if rule.choices else said.upper().translate(SEPARATORS).split()) or None


def _share(percent: str) -> Decimal | None:
    try:
        return Decimal(percent) / 100 if percent else None
    except ArithmeticError:
        raise _no_number(percent) from None


def _whole(text: str) -> int | None:
    if not text:
        return None
    number = read_whole(text)
    if number is None:
        raise _no_number(text)
    return number


def _money(text: str, currency: str) -> Money | None:
    try:
        return Money.of(Decimal(text), currency) if text else None
    except (ArithmeticError, ValueError):
        raise _no_number(text) from None


def _no_number(text: str) -> Refusal:
    return invalid(N_("“{text}” is not a number that belongs here."), "input", text=text[:20])
