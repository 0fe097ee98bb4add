"""What an AgreementKind says of itself."""

from dataclasses import dataclass
from typing import Any

from infra.lifecycle import Lifecycle


@dataclass(frozen=True)
class AgreementKind:
    """`life`: the graph that its agreements walk. `is_drawn`: whether the person draws money of it."""

    life: Lifecycle[Any]
    is_drawn: bool
