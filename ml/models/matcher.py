"""A trained matcher: two small CatBoost models, what they were tested to keep, and a hash over it all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from domain.market.arrays import Floats
from domain.matching.matcher import OddsBand, Tested
from ml.models import folders
from ml.models.folders import ArtefactError
from ml.models.lean import catboost
from ml.models.leaves import Leaves, of_trees
from ml.models.pairs import COLUMNS, KIND_COLUMNS

if TYPE_CHECKING:
    from catboost import CatBoost

HEADER = "header.json"
ODDS, RELEVANCE = "odds.cbm", "relevance.cbm"


@dataclass(frozen=True)
class Platt:
    """Calibration affine in log-odds. The slope is never below 0, so that it turns no order around."""

    shift: float
    slope: float

    def chance(self, raw: Floats) -> Floats:
        """1 / (1 + exp(-(shift + slope * raw))), written over `raw`: new arrays would cost as much as the sums."""
        raw *= -self.slope
        raw -= self.shift
        np.exp(raw, out=raw)
        raw += 1
        return np.reciprocal(raw, out=raw)


@dataclass(frozen=True)
class MatchArtefact:
    odds_model: bytes = field(repr=False)
    relevance_model: bytes = field(repr=False)
    odds_platt: Platt
    relevance_platt: Platt
    tested: Mapping[OddsBand, Tested]
    simulated: bool
    card: Mapping[str, Any]
    columns: tuple[str, ...] = (
        COLUMNS  # those that it was trained on: of a kind of product that came later it knows nothing
    )

    @cached_property
    def version(self) -> str:
        return sha256(self.header + self.odds_model + self.relevance_model).hexdigest()[:16]

    def warm(self) -> None:
        self.chances(np.zeros((1, len(COLUMNS))))
        assert self.odds_leaves and self.relevance_leaves

    def chances(self, rows: Floats, *, is_scored: bool = True) -> tuple[Floats | None, Floats]:
        """Calibrated chance of approval, where there is a score to tell it from, and of an application, one per row."""
        # One pool for both: reading the matrix is a good part of a small call.
        pool = catboost().Pool(rows if self.columns == COLUMNS else rows[:, self._places], thread_count=1)
        odds = self.odds_platt.chance(self.odds.predict(pool, thread_count=1)) if is_scored else None
        return odds, self.relevance_platt.chance(self.relevance.predict(pool, thread_count=1))

    @cached_property
    def odds(self) -> "CatBoost":
        return _loaded(self.odds_model)

    @cached_property
    def relevance(self) -> "CatBoost":
        return _loaded(self.relevance_model)

    @cached_property
    def odds_leaves(self) -> Leaves:
        return _leaves(self.odds, self._places)

    @cached_property
    def relevance_leaves(self) -> Leaves:
        return _leaves(self.relevance, self._places)

    @cached_property
    def _places(self) -> list[int]:
        """Where each of its columns stands in a row."""
        return [COLUMNS.index(name) for name in self.columns]

    @cached_property
    def header(self) -> bytes:
        header = {
            "columns": self.columns,
            "odds_platt": asdict(self.odds_platt),
            "relevance_platt": asdict(self.relevance_platt),
            "tested": {band.value: asdict(told) for band, told in self.tested.items()},
            "simulated": self.simulated,
            "card": self.card,
        }
        return json.dumps(header, sort_keys=True, indent=1, default=datetime.isoformat).encode()


def contents(artefact: MatchArtefact) -> dict[str, bytes]:
    """The files of an artefact by name; `from_contents` reads them again under its version."""
    return {ODDS: artefact.odds_model, RELEVANCE: artefact.relevance_model, HEADER: artefact.header}


def from_contents(version: str, files: Mapping[str, bytes]) -> MatchArtefact:
    """Checked against its version, a hash. Raises ArtefactError when anything is missing or was changed."""
    try:
        header = json.loads(files[HEADER])
        artefact = MatchArtefact(
            odds_model=files[ODDS],
            relevance_model=files[RELEVANCE],
            odds_platt=Platt(**header["odds_platt"]),
            relevance_platt=Platt(**header["relevance_platt"]),
            tested={OddsBand(band): _tested(told) for band, told in header["tested"].items()},
            simulated=header["simulated"],
            card=header["card"],
            columns=tuple(header["columns"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The matcher {version} can't be read: {error}") from error
    if artefact.version != version or not _is_readable(artefact.columns):
        raise ArtefactError(f"The matcher {version} was changed after it was saved, or reads other columns.")
    return artefact


def _is_readable(columns: tuple[str, ...]) -> bool:
    """Whether only kinds of products have come since it was trained: to it, they are none of those that it knows."""
    return set(columns) <= set(COLUMNS) and set(COLUMNS) - set(columns) <= set(KIND_COLUMNS)


def save(artefact: MatchArtefact, folder: Path) -> str:
    """Write to `folder/<version>` in one step, and give the version back. Saving the same twice is harmless."""
    if (folder / artefact.version).exists():
        return load(folder, artefact.version).version
    folders.write(folder, artefact.version, contents(artefact))
    return artefact.version


def load(folder: Path, version: str) -> MatchArtefact:
    """Read `folder/<version>`. Raises ArtefactError when anything is missing or was changed."""
    return from_contents(version, folders.read(folder, version))


def _tested(told: Mapping[str, Any]) -> Tested:
    since, until = (told[end] and datetime.fromisoformat(told[end]) for end in ("since", "until"))
    return Tested(told["approved"], told["decided"], told["is_kept"], since, until)


def _loaded(blob: bytes) -> "CatBoost":
    return cast("CatBoost", catboost().CatBoost().load_model(blob=blob))


def _leaves(trees: "CatBoost", places: list[int]) -> Leaves:
    leaves = of_trees(trees, len(places))
    assert leaves is not None, "the matcher is made of symmetric trees over numbers"
    return leaves.placed(places, len(COLUMNS))
