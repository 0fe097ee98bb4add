"""The registry of events: each is declared once, beside its noun, with the names and types of its data."""

import re
from collections.abc import Mapping
from types import UnionType

Datum = str | int | None  # ids and codes, never anything personal
_NAME = re.compile(r"[a-z_]+\.[a-z_]+")
_declared: dict[str, Mapping[str, type | UnionType]] = {}


def declare(name: str, **data: type | UnionType) -> str:
    """Let an event of this name be announced, with exactly these data. Answers the name."""
    assert _NAME.fullmatch(name), f"an event is named noun.what_happened, not {name}"
    assert name not in _declared, f"two events are called {name}"
    _declared[name] = data
    return name


def check(name: str, data: Mapping[str, Datum] | None = None) -> None:
    """Fails where nobody declared the event, or with other data than these; without data it asks for the name alone."""
    assert name in _declared, f"nobody declared the event {name}"
    if data is None:
        return
    wanted = _declared[name]
    assert data.keys() == wanted.keys(), f"{name} tells {sorted(wanted)}, not {sorted(data)}"
    for key, value in data.items():
        assert isinstance(value, wanted[key]), f"{name} tells {key} as {wanted[key]}, not {type(value).__name__}"


def declared() -> Mapping[str, Mapping[str, type | UnionType]]:
    """All events that were declared, by name."""
    return _declared
