"""How a loan book is described: which column is the target, what means bad, what may be an input."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from ml.books.findings import BookRefused, Finding
from ml.models.scale import Cuts

Direction = Literal[-1, 1]
_DIRECTIONS: dict[str, Direction] = {"increasing": 1, "decreasing": -1}


@dataclass(frozen=True)
class Description:
    """A parsed `book.toml`. Names are those of the book's header."""

    target: str
    bad: tuple[str, ...]
    good: tuple[str, ...] = ()  # when given, every other value of the target is refused
    unfinished: tuple[str, ...] = ()  # values of the target that are neither yet: these loans are kept out
    features: tuple[str, ...] | None = None  # None: all columns that have no other part
    exclude: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    use_sensitive: bool = False
    reviewed: tuple[str, ...] = ()  # columns that a person says were known before the decision; "*": all of them
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column, or "*", to its sentinel codes
    time: str | None = None
    customer: str | None = None
    decision: str | None = None
    accepted: tuple[str, ...] = ()  # values of the decision that mean that the loan was made
    weights: str | None = None
    monotone: Mapping[str, Direction] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    grades: tuple[float, float, float] | None = None  # cuts by probability of default, if not 2, 6 and 20 %
    simulated: bool = False
    encoding: str | None = None
    separator: str | None = None

    @property
    def cuts(self) -> Cuts:
        return Cuts(*self.grades) if self.grades else Cuts()

    @property
    def bookkeeping(self) -> tuple[str, ...]:
        """Columns with a part of their own, which therefore are no inputs."""
        return tuple(name for name in (self.target, self.time, self.customer, self.decision, self.weights) if name)

    def answered(self, known: Sequence[str], afterwards: Sequence[str]) -> "Description":
        """With a person's word on what was known before the decision, and what was filled in later."""
        return replace(self, reviewed=(*self.reviewed, *known), exclude=(*self.exclude, *afterwards))

    def codes_of(self, column: str) -> tuple[str, ...]:
        return (*self.missing.get("*", ()), *self.missing.get(column, ()))


def read(path: Path) -> Description:
    """Parse a `book.toml`. Raises BookRefused when it can't be understood."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BookRefused([Finding(None, None, f"{path.name} can't be read: {error}")]) from error
    return parse(written)


def parse(written: Mapping[str, Any]) -> Description:
    """Understand what TOML gave. Raises BookRefused naming each key that is wrong."""
    wrong = [Finding(None, None, why) for why in _complaints(written)]
    if wrong:
        raise BookRefused(wrong)
    given: dict[str, Any] = dict(written)
    for name in ("bad", "good", "exclude", "sensitive", "reviewed", "accepted", "unfinished"):
        if name in given:
            given[name] = _texts(given[name])
    features = given.pop("features", "*")
    missing = {column: _texts(codes) for column, codes in given.pop("missing", {}).items()}
    return Description(
        **{
            **given,
            "features": None if features in ("*", ["*"]) else _texts(features),
            "missing": missing,
            "monotone": {column: _DIRECTIONS[word] for column, word in given.get("monotone", {}).items()},
            "grades": tuple(given["grades"]) if "grades" in given else None,
        }
    )


def _complaints(written: Mapping[str, Any]) -> Iterable[str]:
    known = {each.name for each in fields(Description)}
    yield from (
        f"`{key}` is no key of a description; known are {', '.join(sorted(known))}" for key in written.keys() - known
    )
    yield from (f"`{key}` is needed" for key in ("target", "bad") if not written.get(key) and written.get(key) != 0)
    for key in ("target", "time", "customer", "decision", "weights", "encoding", "separator"):
        if not isinstance(written.get(key, ""), str):
            yield f"`{key}` must be one text, not {written[key]!r}"
    for key in ("missing", "monotone", "facts"):
        if not isinstance(written.get(key, {}), Mapping):
            yield f"[{key}] must be a table, not {written[key]!r}"
            return
    for column, word in written.get("monotone", {}).items():
        if word not in _DIRECTIONS:
            yield f'[monotone] {column} must be "increasing" or "decreasing", not {word!r}'
    if "grades" in written and not _rises(written["grades"]):
        yield f"`grades` must be three rising probabilities between 0 and 1, not {written['grades']!r}"


def _rises(cuts: Any) -> bool:
    if not isinstance(cuts, list) or not all(type(cut) in (int, float) for cut in cuts):
        return False
    return len(cuts) == 3 and 0 < cuts[0] < cuts[1] < cuts[2] < 1


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
