"""A reason: a stable code, and a sentence for the person it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ReasonValue = str | int | float


@dataclass(frozen=True)
class Reason:
    """`message` is a msgid; `values` fill it after translation."""

    code: str
    message: str
    values: Mapping[str, ReasonValue] = field(default_factory=dict)
