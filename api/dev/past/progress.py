"""How far the past of this folder is, for whoever does not want to ask its database."""

import json
from pathlib import Path
from typing import NamedTuple

MEMORY = "invented.json"


class PastProgress(NamedTuple):
    made: int
    people: int
    is_whole: bool

    @property
    def figures(self) -> dict[str, object]:
        return {"made": self.made, "people": self.people, "isWhole": self.is_whole}

    @property
    def words(self) -> str:
        return f"{self.made:,}" if self.is_whole else f"{self.made:,} of {self.people:,} made so far"


def read(var: Path) -> PastProgress | None:
    """None where none was begun."""
    try:
        told = json.loads((var / MEMORY).read_bytes())
        return PastProgress(int(told["made"]), int(told["people"]), bool(told["isWhole"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(var: Path, now: PastProgress) -> None:
    unfinished = var / f"{MEMORY}.unfinished"
    unfinished.write_text(json.dumps(now.figures))
    unfinished.replace(var / MEMORY)


def forget(var: Path) -> None:
    (var / MEMORY).unlink(missing_ok=True)
