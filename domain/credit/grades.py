"""The four grades, best first."""

from enum import StrEnum


class Grade(StrEnum):
    A = "A"
    B = "B"
    C = "C"
    D = "D"

    def is_at_least(self, other: "Grade") -> bool:
        return self.value <= other.value
