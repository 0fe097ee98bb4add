"""What a command tells while it works: one line a step, with a bar that moves where there is something to count."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

NAME_COLUMNS = 22
PLAIN_SECONDS = 10.0  # between two lines about the same step, where nothing can be redrawn


class Step(Protocol):
    """One step of a story, while it happens."""

    note: str  # stands behind the step's name when it is done

    def at(self, done: float, total: float, text: str = "") -> None:
        """How far it is. May be called often."""


class Story(Protocol):
    def step(self, name: str) -> AbstractContextManager[Step]: ...


class ConsoleStory:
    """A story on a console: drawn where it is a terminal, plain lines where it is not."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stdout, highlight=False)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        started = time.monotonic()
        draw = drawn if self.console.is_terminal else written
        with draw(self.console, name) as step:
            yield step
        self.done(name, step.note, time.monotonic() - started)

    def done(self, name: str, note: str = "", seconds: float | None = None) -> None:
        took = "" if seconds is None else f"{seconds:.1f} s"
        line = Text.assemble(("  ✓ ", "green"), f"{name:<{NAME_COLUMNS}}", (f"{took:>7}", "dim"), f"   {note}".rstrip())
        self.console.print(line, soft_wrap=True)

    def failed(self, name: str, note: str = "") -> None:
        line = Text.assemble(("  ✗ ", "bold red"), f"{name:<{NAME_COLUMNS}}", f"   {note}")
        self.console.print(line, soft_wrap=True)


class DrawnStep:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.note = ""
        self.progress = progress
        self.task = task

    def at(self, done: float, total: float, text: str = "") -> None:
        self.progress.update(self.task, completed=done, total=total, text=text)


class CountedBar(BarColumn):
    """A bar only where there is something to count."""

    def render(self, task: Task) -> ProgressBar:
        return ProgressBar(total=1, width=0) if task.total is None else super().render(task)


@contextmanager
def drawn(console: Console, name: str) -> Iterator[Step]:
    columns = (
        TextColumn(" "),
        SpinnerColumn("dots", style="green"),
        TextColumn(f"{{task.description:<{NAME_COLUMNS}}}"),
        TimeElapsedColumn(),
        CountedBar(bar_width=28),
        TextColumn("{task.fields[text]}", style="dim"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield DrawnStep(progress, progress.add_task(name, total=None, text=""))


class WrittenStep:
    def __init__(self, say: Callable[[str], None]) -> None:
        self.note = ""
        self.say = say
        self.said_at = time.monotonic()

    def at(self, done: float, total: float, text: str = "") -> None:
        if total and time.monotonic() - self.said_at >= PLAIN_SECONDS:
            self.said_at = time.monotonic()
            self.say(f"{done / total:.0%} {text}".rstrip())


@contextmanager
def written(console: Console, name: str) -> Iterator[Step]:
    yield WrittenStep(lambda text: console.print(f"  … {name}: {text}", soft_wrap=True))
