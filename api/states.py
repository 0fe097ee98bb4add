"""Every noun's states and moves as a page of drawings: made from the graphs themselves, committed as `states.md`."""

from pathlib import Path
from typing import Any

from domain.applications import applications, offers
from domain.facts import accounts, link_requests
from domain.people import sessions, staff_sessions
from domain.runs import runs
from infra.lifecycle import Lifecycle, diagram
from ml.live import registry

FILE = Path(__file__).parent / "states.md"
LIVES: list[Lifecycle[Any]] = [
    link_requests.LIFE,
    accounts.LIFE,
    applications.LIFE,
    offers.LIFE,
    sessions.LIFE,
    staff_sessions.LIFE,
    registry.LIFE,
    runs.LIFE,
]
HEADER = """\
# States

Made from the code by `longan schema`; a test compares. A move that is not drawn is refused `NOT_OPEN` where a client asks
for it, and is a bug where we do. Beside an arrow stands the event that the move announces, or the column with the time at
which it happens by itself.
"""


def page() -> str:
    return HEADER + "".join(_section(life) for life in LIVES)


def _section(life: Lifecycle[Any]) -> str:
    groups = [f"- {name}: {', '.join(f'`{state}`' for state in states)}\n" for name, states in life.groups.items()]
    later = f"- later: {', '.join(f'`{state}`' for state in life.later)}\n" if life.later else ""
    listed = "".join([*groups, later])
    return f"\n## {life.noun}\n\n{listed}{listed and chr(10)}```mermaid\n{diagram(life)}\n```\n"
