"""The registry of reactions: who reacts to which event. The rooms above fill it when they are imported."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from infra import events

# A reaction takes (db, event) and works in the transaction that marks it handled; one that calls out takes (event) alone,
# because nothing may wait for another company's server inside a transaction.
Handler = Callable[..., Awaitable[None]]
H = TypeVar("H", bound=Handler)


class Reaction:
    def __init__(self, name: str, handler: Handler, calls_out: bool, when: Callable[[], bool]) -> None:
        self.name = name
        self.handler: Callable[..., Awaitable[Any]] = handler
        self.calls_out = calls_out
        self.is_wanted = when


_by_name: dict[str, Reaction] = {}
_by_event: defaultdict[str, list[str]] = defaultdict(list)


def reaction(
    *to: str, stored_as: str, calls_out: bool = False, when: Callable[[], bool] = lambda: True
) -> Callable[[H], H]:
    """Let a function react to declared events. Rows name it by `stored_as`, so that stays when the function is renamed.

    Nothing is owed to it by events that are announced while `when` says no.
    """
    assert stored_as not in _by_name, f"two reactions are called {stored_as}"
    for event in to:
        events.check(event)

    def register(handler: H) -> H:
        _by_name[stored_as] = Reaction(stored_as, handler, calls_out, when)
        for event in to:
            _by_event[event].append(stored_as)
        return handler

    return register


def owed_to(event_name: str) -> list[str]:
    return [name for name in _by_event.get(event_name, []) if _by_name[name].is_wanted()]


def named(name: str) -> Reaction | None:
    """The reaction of this name; None where this process does not know it: it was taken away, or is newer."""
    return _by_name.get(name)
