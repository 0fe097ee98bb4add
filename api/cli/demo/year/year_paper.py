"""The paper that a year is written on: a line for each thing that happened, with its day and whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from rich.table import Table
from rich.text import Text

from api.cli.demo.doors import Data
from api.cli.demo.drawing import money, seconds
from api.cli.demo.paper import INDENT, Paper
from infra.terminal import Listing
from infra.words import N_

STATUSES = {
    "ACTIVE": N_("in force"),
    "OVERDUE": N_("late"),
    "PAUSED": N_("paused"),
    "SETTLED": N_("settled"),
    "UNWOUND": N_("unwound"),
}
NAME_COLUMNS = 9


@dataclass(frozen=True)
class YearOutcome:
    """What became of one person, with their agreement as it is read last, or what else the story read."""

    name: str
    title: str
    agreement: Data | None
    figures: Data = field(default_factory=dict)


class YearPaper(Paper):
    def opening(self, address: str) -> None:
        self.blank()
        self.console.print(Text.assemble(("  Longan", "bold"), (f"  {address}", "dim")), soft_wrap=True)
        told = N_(
            "A year of six invented people, five with money and one with a membership, each month as it comes. The clock of this "
            "house moves on fifteen months; every figure is read back from the running app."
        )
        self.line(self.words(told))
        self.blank()

    def arrived(self, day: date, name: str, score: Data | None) -> None:
        if score is None:
            told = self.words(N_("comes with a phone, and nothing else is known of them"))
        else:
            known = N_("comes with a phone and accounts: {points} points, grade {grade}")
            told = self.words(known, points=score["points"], grade=score["grade"])
        self.event(day, name, told, mark="+", style="")

    def event(self, day: date, name: str, sentence: str, *, mark: str, style: str) -> None:
        grid = Table.grid(padding=(0, 1))
        grid.width = self.width
        grid.add_column(width=INDENT + 1, justify="right")
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, min_width=NAME_COLUMNS)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_row(
            Text(mark, style=style), Text(day.isoformat(), style="dim"), Text(name), Text(sentence, style=style)
        )
        self.lay(grid)

    def closing(self, outcomes: Sequence[YearOutcome], today: date, took: float) -> None:
        self.blank()
        person, became = self.words(N_("Person")), self.words(N_("What became of them"))
        standing, owed_now = self.words(N_("Standing")), self.words(N_("Owed now"))
        table = Listing(person, became, standing, owed_now, right=(owed_now,), prose=(became,))
        for each in outcomes:
            table.add_row(each.name, self.words(each.title), *self.standing(each))
        self.console.print(table)
        self.blank()
        told = N_("It is {day} in this house now, and a year has taken {time}.")
        self.line((self.words(told, day=today.isoformat(), time=seconds(took)), "dim"))
        self.blank()

    def standing(self, outcome: YearOutcome) -> tuple[str, str]:
        """How it stands with them, and what they owe."""
        if outcome.agreement is None:
            return str(outcome.figures["tier"]["name"]), ""
        return self.words(STATUSES[outcome.agreement["status"]]), money(outcome.agreement["outstanding"])
