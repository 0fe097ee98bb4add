"""The catalogue file: read strictly into partners and products, the same ids on every machine."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

from domain.consent.consents import Purpose
from domain.credit.grades import Grade
from domain.market import standards
from domain.market.goods import Goods
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
from domain.market.rule_inputs import INPUTS, Shape
from domain.people.partners import Partner
from infra.errors import Refusal
from infra.money import Money
from infra.words import say

FILE = Path(__file__).with_name("catalogue.toml")
NAMESPACE = UUID("5d1f6c1e-3a0b-5c52-9b0e-6c6f6e67616e")  # of our own making; another would put everything in twice

T = TypeVar("T")
D = TypeVar("D")


class Malformed(ValueError):
    """The file can't be used; the text names partner, product and field."""


@dataclass(frozen=True)
class Catalogue:
    partners: list[Partner]
    products: list[Product]


def partner_id(code: str) -> UUID:
    return uuid5(NAMESPACE, f"partner:{code}")


def product_id(code: str, sku: str) -> UUID:
    return uuid5(NAMESPACE, f"product:{code}/{sku}")


def read(text: str | None = None) -> Catalogue:
    """The house's own catalogue, or this text. Raises Malformed."""
    try:
        file = _Fields("catalogue", tomllib.loads(FILE.read_text("utf-8") if text is None else text))
    except tomllib.TOMLDecodeError as error:
        raise Malformed(f"catalogue: {error}") from error
    currency = file.take("currency", _text)
    catalogue = Catalogue([], [])
    for number, fields in enumerate(file.take("partner", _tables), 1):
        _add_partner(catalogue, _Fields(f"partner {fields.get('code', number)}", fields), currency)
    file.close()
    _unique("partner", (partner.code for partner in catalogue.partners))
    return catalogue


class _Fields:
    """One table of the file, taken field by field; what is left over at the end is no field of ours."""

    def __init__(self, where: str, fields: Mapping[str, Any]) -> None:
        self.where = where
        self._left = dict(fields)

    def take(self, name: str, reader: Callable[[Any], T]) -> T:
        if name not in self._left:
            raise Malformed(f"{self.where}: {name}: missing")
        try:
            return reader(self._left.pop(name))
        except (ValueError, TypeError) as error:
            raise Malformed(f"{self.where}: {name}: {error}") from error

    def take_or(self, absent: D, name: str, reader: Callable[[Any], T]) -> T | D:
        return self.take(name, reader) if name in self._left else absent

    def close(self) -> None:
        for name in self._left:
            raise Malformed(f"{self.where}: {name}: no such field")


def _add_partner(catalogue: Catalogue, fields: _Fields, currency: str) -> None:
    code = fields.take("code", _text)
    name, purpose = fields.take("name", _text), fields.take("purpose", Purpose)
    catalogue.partners.append(Partner(id=partner_id(code), code=code, name=name, purpose=purpose))
    usually = fields.take_or({}, "usually", _table)
    rows = fields.take("products", _tables)
    fields.close()
    products = [
        _product(code, _Fields(f"{fields.where}, product {row.get('sku', number)}", {**usually, **row}), currency)
        for number, row in enumerate(rows, 1)
    ]
    _unique(f"{fields.where}, product", (product.sku for product in products))
    catalogue.products.extend(products)


def _product(code: str, fields: _Fields, currency: str) -> Product:
    def money(text: Any) -> int:
        return Money.of(_text(text), currency).minor

    sku, kind = fields.take("sku", _text), fields.take("kind", ProductKind)
    low, high, annual_rate = _price(fields, kind, money)
    product = Product(
        id=product_id(code, sku),
        partner_id=partner_id(code),
        sku=sku,
        kind=kind,
        title=fields.take("title", _text),
        amount_min=low,
        amount_max=high,
        currency=currency,
        term_months=fields.take("term_months", _numbers),
        annual_rate=annual_rate,
        fee_rate=fields.take_or(Decimal(0), "fee_rate", _rate),
        late_fee_rate=fields.take_or(Decimal(0), "late_fee_rate", _rate),
        deposit=fields.take_or(0, "deposit", money),
        goods=fields.take_or(None, "goods", Goods),
        grade_at_least=fields.take_or(None, "grade_at_least", Grade),
        decision=fields.take("decision", DecisionMode),
        rules=_rules(_Fields(f"{fields.where}, rules", fields.take_or({}, "rules", _table)), money),
        sponsored=fields.take_or(False, "sponsored", _flag),
    )
    fields.close()
    _check_standards(fields.where, product)
    return product


def _price(fields: _Fields, kind: ProductKind, money: Callable[[Any], int]) -> tuple[int, int, Decimal | None]:
    if not kind.terms.lends:
        rent = fields.take("rent", money)
        return rent, rent, None
    return fields.take("amount_min", money), fields.take("amount_max", money), fields.take("annual_rate", _rate)


def _check_standards(where: str, product: Product) -> None:
    """Check a product as a partner's is checked, and name the field as this file writes it."""
    try:
        standards.check(product)
    except Refusal as refusal:
        _, *names = refusal.field or ("input",)
        field = re.sub("[A-Z]", lambda match: f"_{match[0].lower()}", ".".join(names))
        raise Malformed(f"{where}: {field}: {say(refusal.message, 'en', **refusal.values)}") from refusal


def _rules(fields: _Fields, money: Callable[[Any], int]) -> dict[str, Any]:
    """The rules that are there, as they are written: decision code reads them by name."""

    def as_written(text: Any) -> str:
        money(text)
        return str(text)

    readers: dict[Shape, Callable[[Any], Any]] = {Shape.TEXTS: _texts, Shape.WHOLE: _number, Shape.MONEY: as_written}
    found = {name: fields.take_or(None, name, readers[input.shape]) for name, input in INPUTS.items()}
    fields.close()
    return {name: value for name, value in found.items() if value is not None}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not a text in quotes")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _rate(value: Any) -> Decimal:
    try:
        return Decimal(_text(value))
    except InvalidOperation as error:
        raise ValueError("not a number") from error


def _numbers(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(type(one) is int for one in value):
        raise TypeError("not a list of whole numbers")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("not a list of texts")
    return sorted({_text(one) for one in value})


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not a table")
    return value


def _tables(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError("not a list of tables")
    return value


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Malformed(f"{what} {name}: there twice")
        seen.add(name)
