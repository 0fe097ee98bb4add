"""Every noun's states and moves as a page of drawings: made from the graphs themselves, committed as `states.md`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Column

from api import wiring  # noqa: F401 - with it every room is imported, and so every graph is drawn
from infra import lifecycle
from infra.entity import Entity
from infra.lifecycle import Lifecycle, diagram

FILE = Path(__file__).parent / "states.md"
HEADER = """\
# States

Made from the code by `longan schema`; a test compares. A move that is not drawn is refused `NOT_OPEN` where a client asks
for it, and is a bug where we do. Beside an arrow stands the event that the move announces, or the column with the time at
which it happens by itself.
"""


WITHOUT = """
## Without a graph

| column | why |
|---|---|
"""


def page() -> str:
    lives = sorted(lifecycle.drawn, key=lambda life: life.noun)
    reasons = [f"| `{column}` | {why} |\n" for column, why in _without_graph()]
    return HEADER + "".join([*(_section(life) for life in lives), WITHOUT, *reasons])


def _without_graph() -> Iterator[tuple[Column[Any], str]]:
    for _, table in sorted(Entity.metadata.tables.items()):
        yield from (
            (column, column.info["without_graph"]) for column in table.columns if "without_graph" in column.info
        )


def _section(life: Lifecycle[Any]) -> str:
    groups = [f"- {name}: {', '.join(f'`{state}`' for state in states)}\n" for name, states in life.groups.items()]
    coming = [f"`{state}`" for state in life.states if state in life.later]
    later = f"- later: {', '.join(coming)}\n" if coming else ""
    listed = "".join([*groups, later])
    return f"\n## {life.noun}\n\n{listed}{listed and chr(10)}```mermaid\n{diagram(life)}\n```\n"
