"""The form in which a change of a product is rehearsed: its rules and terms, as they are typed and as the domain takes them."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.datastructures import FormData

from domain.credit.grades import Grade
from domain.facts.vocabulary import OCCUPATIONS
from domain.market.products import Product
from infra.errors import Refusal, invalid
from infra.money import Money
from infra.words import N_

SEPARATORS = str.maketrans(",，、;；", "     ")


def fields_of(product: Product) -> dict[str, Any]:
    """The form as the product is."""
    rules = product.rules
    return {
        "age_min": rules.get("age_min", ""),
        "age_max": rules.get("age_max", ""),
        "regions": " ".join(rules.get("regions", [])),
        "occupations": rules.get("occupations", []),
        "income_at_least": rules.get("income_at_least", ""),
        "grade_at_least": product.grade_at_least or "",
        "amount_min": Money(product.amount_min, product.currency).amount,
        "amount_max": Money(product.amount_max, product.currency).amount,
        "term_months": " ".join(map(str, product.term_months)),
        "annual_rate": "" if product.annual_rate is None else f"{(product.annual_rate * 100).normalize():f}",
    }


def said_in(form: FormData) -> dict[str, Any]:
    names = ("age_min", "age_max", "regions", "income_at_least", "grade_at_least")
    terms = ("amount_min", "amount_max", "term_months", "annual_rate")
    said: dict[str, Any] = {name: str(form.get(name, "")).strip() for name in (*names, *terms)}
    return {**said, "occupations": [str(each) for each in form.getlist("occupations") if each in OCCUPATIONS]}


def told_by(said: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """What the form says, as `offering` takes it; an empty field asks for nothing. Refuses INVALID what is no number."""
    return {
        "amount_min": _money(said["amount_min"], currency),
        "amount_max": _money(said["amount_max"], currency),
        "term_months": [_whole(each) for each in said["term_months"].translate(SEPARATORS).split()],
        "annual_rate": _share(said["annual_rate"]),
        "grade_at_least": Grade(said["grade_at_least"]) if said["grade_at_least"] in set(Grade) else None,
        "rules": {
            "age_min": _whole(said["age_min"]),
            "age_max": _whole(said["age_max"]),
            "regions": said["regions"].upper().translate(SEPARATORS).split() or None,
            "occupations": said["occupations"] or None,
            "income_at_least": _money(said["income_at_least"], currency),
        },
    }


def _share(percent: str) -> Decimal | None:
    try:
        return Decimal(percent) / 100 if percent else None
    except InvalidOperation:
        raise _no_number(percent) from None


def _whole(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise _no_number(text)
    return int(text)


def _money(text: str, currency: str) -> Money | None:
    try:
        return Money.of(Decimal(text), currency) if text else None
    except (InvalidOperation, ValueError):
        raise _no_number(text) from None


def _no_number(text: str) -> Refusal:
    return invalid(N_("“{text}” is not a number that belongs here."), "input", text=text[:20])
