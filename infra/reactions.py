"""The registry of reactions: who reacts to which event. The rooms above fill it when they are imported."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

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


def reaction(*events: str, calls_out: bool = False, when: Callable[[], bool] = lambda: True) -> Callable[[H], H]:
    """Let a function react to events. Its name is stored with each event, so it is permanent.

    Nothing is owed to it by events that are announced while `when` says no.
    """

    def register(handler: H) -> H:
        name = handler.__name__
        assert name not in _by_name, f"two reactions are called {name}"
        _by_name[name] = Reaction(name, handler, calls_out, when)
        for event in events:
            _by_event[event].append(name)
        return handler

    return register


def owed_to(event_name: str) -> list[str]:
    return [name for name in _by_event.get(event_name, []) if _by_name[name].is_wanted()]


def named(name: str) -> Reaction:
    return _by_name[name]
