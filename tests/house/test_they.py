"""Nobody in the house is "he": a person, a member of staff and whoever means harm are "they"."""

import re
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")
HE = re.compile(r"\b[Hh](e|is|im|imself)\b")


def texts() -> Iterator[Path]:
    yield HOUSE / "README.md"
    for room in ROOMS:
        yield from (path for ending in ("py", "md", "html") for path in (HOUSE / room).rglob(f"*.{ending}"))


def test_people_are_they() -> None:
    assert [str(path.relative_to(HOUSE)) for path in texts() if HE.search(path.read_text("utf-8"))] == []
