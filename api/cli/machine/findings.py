"""One thing that the doctor found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WELL = "well"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True)
class MachineFinding:
    """`todo` is empty where there is nothing to do."""

    what: str
    state: State
    found: str
    todo: str = ""
