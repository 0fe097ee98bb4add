"""The first models, trained once for these sources by whoever comes first, for all processes and runs on this machine.

`python -m tests.trained FOLDER` leaves them in a house's folder.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import pytest

from ml.population import first_models
from ml.population.first_models import FirstModels
from ml.population.simulating import PEOPLE, simulated

ROOT = Path(__file__).parents[1]
# A training follows from these.
SOURCES = ("ml", "domain", "integrations", "infra/requirements")


@cache
def first_trained(people: int = PEOPLE) -> FirstModels:
    """Of a population of so many."""
    found = first_models.remembered(folder_of(people))
    assert found is not None
    return found


def folder_of(people: int = PEOPLE) -> Path:
    """Where they lie, and nothing else."""
    folder = Path(tempfile.gettempdir(), f"longan-trained-{os.getuid()}-{_hash_of_sources()}-{people}")
    with _alone(folder.with_suffix(".lock")):
        if first_models.remembered(folder) is None:
            shutil.rmtree(folder, ignore_errors=True)
            first_models.remember(_train(people), folder)
    return folder


def _train(people: int) -> FirstModels:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_models, "simulated", partial(simulated, people))
        return first_models.train_first_models(lambda label, share: None)


@cache
def _hash_of_sources() -> str:
    told = hashlib.sha256()
    for place in SOURCES:
        for path in sorted((ROOT / place).rglob("*.*")):
            if path.suffix in (".py", ".toml", ".txt"):
                told.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()[:16]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    shutil.copytree(folder_of(), Path(sys.argv[1], "models"), dirs_exist_ok=True)
