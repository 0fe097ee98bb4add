"""A trained matcher on disk: two small CatBoost models, what they were tested to keep, and a hash over it all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.market.matching import OddsBand
from ml.artefact import ArtefactError
from ml.match_features import COLUMNS, Batch

if TYPE_CHECKING:
    from catboost import CatBoost

HEADER = "header.json"
BANDS: tuple[tuple[OddsBand, float], ...] = (
    (OddsBand.VERY_HIGH, 0.80),
    (OddsBand.HIGH, 0.60),
    (OddsBand.MEDIUM, 0.35),
    (OddsBand.LOW, 0.0),
)


def band_of(odds: float) -> OddsBand:
    return next(band for band, low in BANDS if odds >= low)


@dataclass(frozen=True)
class BandEvidence:
    """How often people in this band were really approved, in a test that the model had not seen."""

    band: OddsBand
    approved: int
    decided: int
    is_kept: bool


@dataclass(frozen=True)
class Platt:
    """Calibration affine in log-odds."""

    slope: float
    shift: float


@dataclass(frozen=True)
class MatchArtefact:
    odds_model: bytes
    relevance_model: bytes
    odds_platt: Platt
    relevance_platt: Platt
    evidence: tuple[BandEvidence, ...]
    simulated: bool
    card: Mapping[str, Any]

    @cached_property
    def version(self) -> str:
        return sha256(self.header + self.odds_model + self.relevance_model).hexdigest()[:16]

    def warm(self) -> None:
        self.predicted(np.zeros((1, len(COLUMNS))))

    def predicted(self, rows: Batch) -> tuple[Batch, Batch]:
        """Calibrated chance of approval, and of an application, one per row."""
        return _chance(self._odds, self.odds_platt, rows), _chance(self._relevance, self.relevance_platt, rows)

    def band(self, odds: float) -> OddsBand | None:
        """The band of these odds; none where the test could not keep what the band says."""
        band = band_of(odds)
        return band if any(one.band == band and one.is_kept for one in self.evidence) else None

    @cached_property
    def header(self) -> bytes:
        header = {
            "columns": COLUMNS,
            "odds_platt": asdict(self.odds_platt),
            "relevance_platt": asdict(self.relevance_platt),
            "evidence": [asdict(one) for one in self.evidence],
            "simulated": self.simulated,
            "card": self.card,
        }
        return json.dumps(header, sort_keys=True, indent=1).encode()

    @cached_property
    def _odds(self) -> "CatBoost":
        return _loaded(self.odds_model)

    @cached_property
    def _relevance(self) -> "CatBoost":
        return _loaded(self.relevance_model)


def save(artefact: MatchArtefact, folder: Path) -> str:
    """Write to `folder/<version>` in one step, and give the version back. Saving the same twice is harmless."""
    target = folder / artefact.version
    if target.exists():
        return load(folder, artefact.version).version
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".saving-") as saving:
        unfinished = Path(saving, artefact.version)
        unfinished.mkdir(mode=0o755)
        for name, content in (
            ("odds.cbm", artefact.odds_model),
            ("relevance.cbm", artefact.relevance_model),
            (HEADER, artefact.header),
        ):
            (unfinished / name).write_bytes(content)
        unfinished.rename(target)
    return artefact.version


def load(folder: Path, version: str) -> MatchArtefact:
    """Read `folder/<version>` and check it against its hash. Raises ArtefactError when anything is missing or changed."""
    try:
        header = json.loads((folder / version / HEADER).read_bytes())
        artefact = MatchArtefact(
            odds_model=(folder / version / "odds.cbm").read_bytes(),
            relevance_model=(folder / version / "relevance.cbm").read_bytes(),
            odds_platt=Platt(**header["odds_platt"]),
            relevance_platt=Platt(**header["relevance_platt"]),
            evidence=tuple(BandEvidence(**one) for one in header["evidence"]),
            simulated=header["simulated"],
            card=header["card"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The matcher {version} can't be read: {error}") from error
    if artefact.version != version or header["columns"] != list(COLUMNS):
        raise ArtefactError(f"The matcher {version} was changed after it was saved, or reads other columns.")
    return artefact


def _loaded(blob: bytes) -> "CatBoost":
    from catboost import CatBoost

    return CatBoost().load_model(blob=blob)


def _chance(model: "CatBoost", platt: Platt, rows: Batch) -> Batch:
    raw = np.asarray(model.predict(rows, thread_count=1), float)
    return 1 / (1 + np.exp(-(platt.slope * raw + platt.shift)))
