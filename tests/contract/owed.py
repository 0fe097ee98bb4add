"""What the contract promises and is not built yet: measured here, committed in `not_built.toml`, compared by the tests.

`python -m tests.contract.owed` writes the list anew. It only shrinks; `--grow` is for the day the contract itself grows.
"""

import sys
import tomllib
from collections.abc import Mapping

from graphql import build_schema, parse, validate
from graphql.utilities import find_breaking_changes

from api.contract import served
from tests.api.doors import CONTRACT, operations

FILE = CONTRACT / "not_built.toml"
HEADER = """\
# What the contract promises and is not built yet: documents by name, and what a client would miss in the schema.
# This list only shrinks. Write it anew: python -m tests.contract.owed
"""
Owed = Mapping[str, Mapping[str, list[str]]]


def measured() -> Owed:
    return {
        file.stem: {"documents": _documents(file.stem, text), "changes": _changes(file.stem, text)}
        for file, text in served()
    }


def committed() -> Owed:
    return tomllib.loads(FILE.read_text("utf-8"))


def _documents(audience: str, text: str) -> list[str]:
    schema = build_schema(text)
    return [name for name, document in operations(audience).items() if validate(schema, parse(document))]


def _changes(audience: str, text: str) -> list[str]:
    promised = build_schema((CONTRACT / f"{audience}.graphqls").read_text("utf-8"))
    return sorted(change.description for change in find_breaking_changes(promised, build_schema(text)))


def written(owed: Owed) -> str:
    return "\n".join([HEADER, *(_section(audience, parts) for audience, parts in owed.items())])


def _section(audience: str, parts: Mapping[str, list[str]]) -> str:
    return f"[{audience}]\n" + "".join(_list(part, values) for part, values in parts.items())


def _list(part: str, values: list[str]) -> str:
    lines = "".join(f'  "{each}",\n' for each in values)
    return f"{part} = [\n{lines}]\n"


def added(now: Owed, before: Owed) -> list[str]:
    return [
        f"{audience}: {each}"
        for audience, parts in now.items()
        for part, values in parts.items()
        for each in values
        if each not in before.get(audience, {}).get(part, [])
    ]


if __name__ == "__main__":
    now = measured()
    if (more := added(now, committed())) and "--grow" not in sys.argv:
        sys.exit("These were kept before and are not any more:\n  " + "\n  ".join(more))
    FILE.write_text(written(now), "utf-8")
