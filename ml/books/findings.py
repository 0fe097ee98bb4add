"""What the checks of a loan book say: refusals that stop training, and warnings that don't."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """Where something is wrong: `row` counts from 1 below the header; None where no single row or column is at fault."""

    row: int | None
    column: str | None
    why: str

    def __str__(self) -> str:
        places = [f"row {self.row}"] if self.row else []
        places += [f"column {self.column}"] if self.column else []
        return f"{', '.join(places)}: {self.why}" if places else self.why


def in_words(error: Exception) -> str:
    """An error as the system says it, without the number."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


class BookRefused(Exception):
    """The book or its description can't be used as it is."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(str(each) for each in findings[:5]))
        self.findings = findings


@dataclass
class Notes:
    """What the reader of a report should know, in the order in which it was found."""

    warnings: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)  # columns that seem to know the outcome
    left_out: dict[str, str] = field(default_factory=dict)  # column -> why it is no input
    columns: list[dict[str, object]] = field(default_factory=list)  # the data report: one line per column of the book

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)
