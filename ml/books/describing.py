"""How a loan book is described: which column is the target, what means bad, what may be an input."""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from ml.books.findings import BookRefused, Finding, in_words
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
    source: str | None = None  # who told of the loan: no input, and counted in the model's card
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
        parts = (self.target, self.time, self.customer, self.source, self.decision, self.weights)
        return tuple(name for name in parts if name)

    def answered(self, known: Sequence[str], afterwards: Sequence[str]) -> "Description":
        """Take in a person's word on what was known before the decision, and what was filled in later."""
        return replace(self, reviewed=(*self.reviewed, *known), exclude=(*self.exclude, *afterwards))

    def codes_of(self, column: str) -> tuple[str, ...]:
        return (*self.missing.get("*", ()), *self.missing.get(column, ()))


def read(path: Path) -> Description:
    """Parse a `book.toml`. Raises BookRefused when it can't be understood."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise BookRefused([Finding(None, None, f"{path.name} can't be read: {in_words(error)}")]) from error
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
    for key, (fits, what) in _FORMS.items():
        if key in written and not fits(written[key]):
            yield f"`{key}` must be {what}, not {_excerpt(written[key])}"
    for key, (fits, what) in _FORMS_IN_TABLES.items():
        table = written.get(key, {})
        if not isinstance(table, Mapping):
            yield f"[{key}] must be a table, not {_excerpt(table)}"
            continue
        for column, value in table.items():
            if not fits(value):
                yield f"[{key}] {column} must be {what}, not {_excerpt(value)}"
    if "grades" in written and not _rises(written["grades"]):
        yield f"`grades` must be three rising probabilities between 0 and 1, not {written['grades']!r}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_word(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _are_words(value: Any) -> bool:
    return _is_word(value) or (isinstance(value, list) and all(map(_is_word, value)))


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_separator(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and value not in '"\r\n'


def _is_direction(value: Any) -> bool:
    return isinstance(value, str) and value in _DIRECTIONS


Form = tuple[Callable[[Any], bool], str]
_NAMES = ("target", "time", "customer", "source", "decision", "weights", "encoding")
_LISTS = ("bad", "good", "unfinished", "features", "exclude", "sensitive", "reviewed", "accepted")
_FORMS: dict[str, Form] = {
    **dict.fromkeys(_NAMES, (_is_text, "one text")),
    **dict.fromkeys(_LISTS, (_are_words, "a text or a list of texts")),
    **dict.fromkeys(("use_sensitive", "simulated"), (_is_flag, "true or false")),
    "separator": (_is_separator, "a single character that is no quotation mark and no line end"),
}
_FORMS_IN_TABLES: dict[str, Form] = {
    "missing": (_are_words, "a code or a list of codes"),
    "monotone": (_is_direction, '"increasing" or "decreasing"'),
    "facts": (_is_text, "the name of a fact"),
}


def _excerpt(value: Any) -> str:
    return repr(value)[:60]


def _rises(cuts: Any) -> bool:
    if not isinstance(cuts, list) or not all(type(cut) in (int, float) for cut in cuts):
        return False
    return len(cuts) == 3 and 0 < cuts[0] < cuts[1] < cuts[2] < 1


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
