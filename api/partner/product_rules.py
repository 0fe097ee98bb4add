"""A partner's own rules, as it reads and writes them: a field for each of the domain's rule inputs, made from it."""

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import strawberry

from api.graphql.scalars import Money, MoneyInput
from domain.market.rule_inputs import INPUTS, Shape
from infra.money import Money as DomainMoney

T = TypeVar("T", bound=type)
Maybe: Any = strawberry.Maybe  # to mypy it is no value

READ: Mapping[Shape, Any] = {Shape.WHOLE: int | None, Shape.TEXTS: list[str] | None, Shape.MONEY: Money | None}
WRITTEN: Mapping[Shape, Any] = {
    Shape.WHOLE: Maybe[int | None],
    Shape.TEXTS: Maybe[list[str] | None],
    Shape.MONEY: Maybe[MoneyInput | None],
}


def with_rules(types: Mapping[Shape, Any]) -> Callable[[T], T]:
    """Give the class a described field for each rule, of the type that its shape has."""

    def decorate(cls: T) -> T:
        cls.__annotations__ = {rule.name: types[rule.shape] for rule in INPUTS.values()}
        for rule in INPUTS.values():
            setattr(cls, rule.name, strawberry.field(description=rule.meaning))
        return cls

    return decorate


@strawberry.type(description="The partner's own rules, which must all hold. Null asks for nothing.")
@with_rules(READ)
class ProductRules:
    @classmethod
    def of(cls, rules: Mapping[str, Any], currency: str) -> Self:
        return cls(**{name: _show(rule.shape, rules.get(name), currency) for name, rule in INPUTS.items()})


@strawberry.input(description="An absent rule stays as it is, null takes it back.")
@with_rules(WRITTEN)
class ProductRulesInput: ...


def _show(shape: Shape, value: Any, currency: str) -> Any:
    is_money = shape is Shape.MONEY and value is not None
    return Money.of(DomainMoney.of(value, currency).minor, currency) if is_money else value
