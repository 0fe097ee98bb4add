"""Reading the pages that are written for engineers: each document with its variables and what comes back, as they stand there."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

BLOCK = re.compile(r"^```(graphql|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a reader relies on to the letter; the rest is somebody's own.
EXACT = {"__typename", "code", "currency", "field", "kind", "line", "message", "path", "status"}
Live = Mapping[str, Callable[[], Any]]


class Shown(NamedTuple):
    document: str
    variables: Any
    answer: Any


def shown_in(page: Path) -> list[Shown]:
    """A `graphql` block, a `json` block of variables where there are two, and a `json` block of the answer."""
    groups: list[list[str]] = []
    for kind, text in BLOCK.findall(page.read_text("utf-8")):
        if kind == "graphql":
            groups.append([text])
        elif groups:  # before the first there is what a shell shows
            groups[-1].append(text)
    return [
        Shown(document, orjson.loads(told[0]) if len(told) == 2 else {}, orjson.loads(told[-1]))
        for document, *told in groups
    ]


def filled(value: Any, live: Live, name: str = "") -> Any:
    """The variables with what lives in this test where the page can only show an example, by the name of the field."""
    if name in live:
        return live[name]()
    match value:
        case dict():
            return {key: filled(inner, live, key) for key, inner in value.items()}
        case list():
            return [filled(inner, live) for inner in value]
    return value


def differences(shown: Any, real: Any, place: str = "") -> Iterator[str]:
    """Where an answer has not the fields, kinds of values and words that the page shows. Lists may go on."""
    name = place.rsplit(".", 1)[-1]
    if type(shown) is not type(real) or (name in EXACT and shown != real):
        yield f"{place}: the page shows {shown!r}, and it is {real!r}"
    elif isinstance(shown, dict):
        if shown.keys() != real.keys():
            yield f"{place}: the page shows {sorted(shown)}, and there are {sorted(real)}"
        for key in shown.keys() & real.keys():
            yield from differences(shown[key], real[key], f"{place}.{key}")
    elif isinstance(shown, list):
        if len(shown) > len(real):
            yield f"{place}: the page shows {len(shown)}, and there are {len(real)}"
        for number, (one, other) in enumerate(zip(shown, real, strict=False)):
            yield from differences(one, other, f"{place}[{number}]")
