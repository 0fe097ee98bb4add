"""The paper that the story is written on: lines with a mark before and a time behind, as wide as one likes to read."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.demo.drawing import seconds
from infra.words import Locale, say

WIDTH_MAX = 100
INDENT = 2
Took = Callable[[], float]


class Paper:
    def __init__(self, locale: Locale, console: Console | None = None) -> None:
        self.locale = locale
        self.console = console or Console(file=sys.stdout, highlight=False)
        self.width = min(self.console.width, WIDTH_MAX)

    def words(self, msgid: str, /, **values: object) -> str:
        return say(msgid, self.locale, **values)

    @contextmanager
    def timed(self, waiting_for: str = "") -> Iterator[Took]:
        """`took()` tells the seconds so far, and after the block those of the block. A spinner turns where one can."""
        started, ended = time.monotonic(), 0.0
        with self.console.status(Text(waiting_for, style="dim"), spinner="dots"):
            yield lambda: (ended or time.monotonic()) - started
        ended = time.monotonic()

    def line(self, *parts: str | tuple[str, str], mark: str = " ", style: str = "", took: float | None = None) -> None:
        """One step: a mark, what happened, and, at the right edge, how long it took."""
        grid = Table.grid(padding=(0, 1))
        grid.width = self.width
        grid.add_column(width=INDENT + 1, justify="right")
        grid.add_column(ratio=1, overflow="fold")
        grid.add_column(justify="right", no_wrap=True, min_width=6)
        time_told = "" if took is None else seconds(took)
        grid.add_row(Text(mark, style=style), Text.assemble(*parts), Text(time_told, style="dim"))
        self.lay(grid)

    def lay(self, grid: Table) -> None:
        """Printed without the blanks that a table puts behind its lines."""
        with self.console.capture() as caught:
            self.console.print(grid, width=self.width)
        for line in caught.get().splitlines():
            self.console.print(Text.from_ansi(line.rstrip()), soft_wrap=True)

    def blank(self) -> None:
        self.console.print()

    def padded(self, text: str, columns: int) -> str:
        return text + " " * max(1, columns - Text(text).cell_len)
