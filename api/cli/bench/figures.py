"""What was measured, for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def figures_of(measured: "DataclassInstance") -> dict[str, Any]:
    """Under the names that the other commands' JSON has."""
    named: dict[str, Any] = _named(asdict(measured))
    return named


def _named(told: Any) -> Any:
    if isinstance(told, dict):
        return {to_camel(name): _named(value) for name, value in told.items()}
    return [_named(each) for each in told] if isinstance(told, list) else told
