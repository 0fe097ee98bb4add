"""What may have been known only after the decision, and what a person has said of it: unknown is not yes."""

from dataclasses import dataclass

from ml.books.describing import Description

EVERYTHING = "*"  # as an answer: all inputs together


@dataclass(frozen=True)
class Suspicion:
    """Columns that alone, or together, seem to know the outcome. `unanswered` are those of which nobody has said anything."""

    columns: tuple[str, ...]
    why: str
    is_strong: bool  # so strong that unanswered columns are left out meanwhile
    unanswered: tuple[str, ...]

    @property
    def left_out(self) -> tuple[str, ...]:
        return self.unanswered if self.is_strong else ()

    @property
    def name(self) -> str:
        return " and ".join(self.columns)


def suspected(columns: tuple[str, ...], why: str, description: Description, *, is_strong: bool) -> Suspicion:
    unanswered = tuple(name for name in columns if name not in description.reviewed)
    return Suspicion(columns, why, is_strong, () if EVERYTHING in description.reviewed else unanswered)
