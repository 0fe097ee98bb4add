"""A copy of the sources in which something is added; it remembers which of its files were touched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HOUSE = Path(__file__).parents[3]
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")
# Says of each of the programs whether it runs to its end, and else why not.
RUN_ALL = """
import json, sys, traceback
faults = {}
for name, program in json.load(sys.stdin).items():
    try:
        exec(program, {})
    except BaseException:
        faults[name] = traceback.format_exc()
json.dump(faults, sys.stdout)
"""


class Scratch:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.touched: list[str] = []
        without = shutil.ignore_patterns("__pycache__", "*.pyc")
        for room in ROOMS:
            shutil.copytree(HOUSE / room, folder / room, ignore=without)

    def add(self, path: str, text: str) -> None:
        """A new file."""
        place = self.folder / path
        assert not place.exists(), f"{path} is there already"
        place.write_text(text, "utf-8")
        self._touch(path)

    def change(self, path: str, old: str, new: str) -> None:
        """Where `old` stands for the first time."""
        place = self.folder / path
        text = place.read_text("utf-8")
        assert old in text, f"{path} has no {old!r}"
        place.write_text(text.replace(old, new, 1), "utf-8")
        self._touch(path)

    def translate(self, path: str, sentences: Mapping[str, str]) -> None:
        """Chinese by English."""
        said = "".join(f'\nmsgid "{one}"\nmsgstr "{other}"\n' for one, other in sentences.items())
        place = self.folder / path
        place.write_text(place.read_text("utf-8").rstrip() + "\n" + said, "utf-8")
        self._touch(path)

    def _touch(self, path: str) -> None:
        if path not in self.touched:
            self.touched.append(path)

    def run(self, programs: dict[str, str]) -> dict[str, str]:
        """Runs all in one process, by the copy's sources. Answers why each fails that does."""
        done = subprocess.run(
            [sys.executable, "-c", RUN_ALL],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            input=json.dumps(programs),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        faults: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return faults
