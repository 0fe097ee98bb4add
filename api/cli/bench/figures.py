"""What was measured, for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def of(measured: "DataclassInstance") -> dict[str, Any]:
    """Under the names that the other commands' JSON has."""
    return {to_camel(name): value for name, value in asdict(measured).items()}
