"""CatBoost as people are served with it: without pandas and SciPy, half of a process's memory, which it asks for by name alone.

CatBoost imports both to recognise their tables. Who has not loaded them can have none, so types stand in for theirs of which
nothing is an instance. Where somebody loads the real ones, before or after, as training does, it is those that are asked.
"""

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any

LEFT_OUT = ("pandas", "scipy", "scipy.sparse")


@cache
def catboost() -> Any:
    """The library, imported once."""
    standing_in = {name: StandIn(name) for name in LEFT_OUT if name not in sys.modules}
    sys.modules.update(standing_in)
    try:
        return importlib.import_module("catboost")
    finally:
        # Whoever asks for them from now on gets the real ones.
        for name, module in standing_in.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class StandIn(ModuleType):
    """A module that is not there: whatever is asked of it is a type without instances, until the real one is loaded."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        within = f"{self.__name__}.{name}"
        if within in LEFT_OUT:
            return sys.modules.get(within) or importlib.import_module(within)
        return Stranger(name, (), {"home": self.__name__})


class Stranger(type):
    """A type of such a module."""

    home: str

    def __instancecheck__(cls, thing: object) -> bool:
        return cls._is_loaded() and isinstance(thing, cls._real())

    def __call__(cls, *args: Any, **named: Any) -> Any:
        return cls._real()(*args, **named)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._real(), name)

    def _is_loaded(cls) -> bool:
        return not isinstance(sys.modules.get(cls.home), StandIn | None)

    def _real(cls) -> Any:
        return getattr(importlib.import_module(cls.home), cls.__name__)
