"""`longan logs`: what the programs of this machine wrote, each line with the name of who wrote it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

LOOK_SECONDS = 0.25


class Name(StrEnum):
    API = "api"
    WORKER = "worker"
    RELAY = "relay"
    SENDER = "sender"
    POSTGRES = "postgres"
    VALKEY = "valkey"


def logs(
    names: Annotated[list[Name] | None, typer.Argument(help="Only these; all of them if none is named.")] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, max=1_000_000, help="How many of the last lines of each.")
    ] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
) -> None:
    """Print the last lines of the logs under var/log, and follow them if asked."""
    from infra.settings import settings

    if not settings().is_embedded:
        typer.echo(
            "In production each program writes its log to its standard error, and what collects it is yours.", err=True
        )
        raise typer.Exit(1)
    folder = settings().var.resolve() / "log"
    chosen = names or list(Name)
    found = {name: folder / f"{name.value}.log" for name in chosen}
    if not any(path.exists() for path in found.values()):
        typer.echo(f"Nothing was written yet in {folder}. Start Longan: make run", err=True)
        raise typer.Exit(1)
    tails = [Tail(name.value, path, lines) for name, path in found.items()]
    try:
        _print(tails, follow=follow)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _print(tails: "list[Tail]", *, follow: bool) -> None:
    import time

    for tail in tails:
        tail.print_last()
    while follow:
        for tail in tails:
            tail.print_new()
        time.sleep(LOOK_SECONDS)


class Tail:
    """One file, from its last lines on; found again when it is begun anew."""

    def __init__(self, name: str, path: Path, lines: int) -> None:
        self.name = name
        self.path = path
        self.lines = lines
        self.at = 0

    def print_last(self) -> None:
        from infra.running.programs import last_lines

        self.at = self._size()
        if self.lines:
            for line in last_lines(self.path, self.lines, bytes_max=self.lines * 2_000).splitlines():
                self._say(line)

    def print_new(self) -> None:
        size = self._size()
        if size < self.at:
            self.at = 0
        if size == self.at:
            return
        with self.path.open("rb") as file:
            file.seek(self.at)
            whole, _, _ = file.read(size - self.at).rpartition(b"\n")
        if not whole:
            return
        self.at += len(whole) + 1
        for line in whole.decode(errors="replace").splitlines():
            self._say(line)

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def _say(self, line: str) -> None:
        typer.echo(f"{self.name:<8}  {line}")
