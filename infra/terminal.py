"""What a command prints: tables whose cells stay whole, and lines that no program's pipe cuts short."""

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

ENDLESS = 100_000  # columns; where nobody draws the line, none needs to be broken
PROSE_COLUMNS_MIN = 24  # below, sentences are no longer read with ease


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; in a pipe or a file as wide as what is printed."""
    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=ENDLESS)


class Listing(Table):
    """A table where it fits; where the screen is too narrow, lines of their own for each row. Nothing is ever cut.

    Columns named in `prose` hold sentences, which may wrap; those in `right` are set to the right.
    """

    def __init__(
        self, *headers: str, right: tuple[str, ...] = (), prose: tuple[str, ...] = (), title: str | None = None
    ) -> None:
        super().__init__(
            box=SIMPLE_HEAD,
            header_style="dim",
            title=title,
            title_justify="left",
            title_style="bold",
            pad_edge=True,
            show_edge=False,
        )
        for header in headers:
            is_prose, side = header in prose, "right" if header in right else "left"
            self.add_column(header, justify=side, no_wrap=not is_prose, overflow="fold")  # type: ignore[arg-type]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._columns_needed(console, options) <= options.max_width:
            yield from super().__rich_console__(console, options)
        else:
            yield from self._cards()

    def _columns_needed(self, console: Console, options: ConsoleOptions) -> int:
        """The columns of the screen that a table needs with every cell on one line, save sentences, which may be folded."""
        unfolded = Measurement.get(console, options.update(max_width=ENDLESS), self.plain()).maximum
        spared = sum(
            max(0, width - PROSE_COLUMNS_MIN)
            for column in self.columns
            if not column.no_wrap
            for width in [max((_width(console, options, cell) for cell in column.cells), default=0)]
        )
        return unfolded - spared

    def plain(self) -> Table:
        """These columns and rows as a bare `Table`."""
        bare = Table(box=self.box, pad_edge=self.pad_edge, show_edge=self.show_edge)
        bare.columns, bare.rows = self.columns, self.rows
        return bare

    def _cards(self) -> RenderResult:
        if self.title:
            yield Text(str(self.title), "bold")
        names = [str(column.header) for column in self.columns]
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            card = Table.grid(padding=(0, 2))
            card.add_column(style="dim", no_wrap=True)
            card.add_column(overflow="fold")
            for name, cell in zip(names, cells, strict=True):
                if cell not in ("", None):
                    card.add_row(name, cell)
            yield Padding(card, (1, 0, 0, 1))


def _width(console: Console, options: ConsoleOptions, cell: object) -> int:
    return Measurement.get(console, options.update(max_width=ENDLESS), cell).maximum  # type: ignore[arg-type]
