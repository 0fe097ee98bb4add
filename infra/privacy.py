"""What becomes of a person's rows when they ask for them, and when they leave. Every table with a person in it says so."""

from dataclasses import dataclass
from enum import StrEnum


class Export(StrEnum):
    GIVEN = "GIVEN"  # the person gets it whole, opened
    INSIDE = "INSIDE"  # the person gets it as a part of another noun
    WITHHELD = "WITHHELD"  # a secret of the house's, or nothing about the person but their id


class Erasure(StrEnum):
    DELETED = "DELETED"
    SHREDDED = (
        "SHREDDED"  # the row stays; with the person's key gone, what it sealed is noise, and nothing else names them
    )
    KEPT = "KEPT"  # the law asks for it, sealed or not; it goes when its time is over


@dataclass(frozen=True)
class Privacy:
    """Beside `__tablename__` as `__privacy__`. `secrets`: columns that open doors, and so are in no export, as tokens."""

    export: Export
    erasure: Erasure
    secrets: tuple[str, ...] = ()
