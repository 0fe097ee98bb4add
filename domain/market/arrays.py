"""The kinds of columns, and texts among them: many people's, and those that many products choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]
Whole = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.bytes_]
Objects = NDArray[np.object_]
Ids = Annotated[Codes, "S16"]
Currencies = Annotated[Codes, "S3"]

UNKNOWN = -1


def dtype_of(column: Any) -> Any:
    """How a column is kept, by one of the kinds above; beside its kind stands its length where it has one."""
    _, kept = get_args(column)
    return kept if isinstance(kept, str) else get_args(kept)[0]


def upright(values: Sequence[int | None]) -> Whole:
    """A row a person, so that it meets products, which lie across, as a table."""
    return np.array([UNKNOWN if value is None else value for value in values], np.int64).reshape(-1, 1)


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of people's texts: `place` leads into `known`, and is UNKNOWN where a person has none."""

    known: tuple[str, ...]
    place: Whole

    @classmethod
    def of(cls, values: Sequence[str | None]) -> "Texts":
        known = tuple(sorted({value for value in values if value is not None}))
        places = {text: place for place, text in enumerate(known)}
        return cls(known, upright([None if value is None else places[value] for value in values]))

    def values(self) -> list[str | None]:
        every = (*self.known, None)  # the last is for whoever has none
        return [every[place] for place in self.place[:, 0].tolist()]


class Choices:
    """The texts that each product allows; None is any."""

    def __init__(self, allowed: Objects) -> None:
        self.asks: Flags = np.array([one is not None for one in allowed], bool)
        self._allowed = allowed
        self._by_text: dict[str, Flags] = {}

    def allow(self, texts: Texts) -> Flags:
        """A row a person, a column a product; of whoever has no text it says nothing."""
        if not texts.known:
            return np.ones((len(texts.place), len(self._allowed)), bool)
        return np.stack([self._allow(text) for text in texts.known])[texts.place[:, 0]]

    def _allow(self, text: str) -> Flags:
        if text not in self._by_text:
            self._by_text[text] = np.array([one is None or text in one for one in self._allowed], bool)
        return self._by_text[text]
