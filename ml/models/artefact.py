"""A trained model with all that is needed to score, explain and check it; named by the hash of its content."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.models import additive, boosted, folders
from ml.models.folders import ArtefactError as ArtefactError
from ml.models.scale import Cuts

Floats = NDArray[np.float64]
Kind = Literal["catboost", "logistic", "scorecard"]
_MANIFEST = "manifest.json"
_ROWS = "rows.bin"
_FORMAT = 1
# Where fewer rows of training than this share lacked an input, nothing was learned of who lacks it.
LACKED_BY_MIN = 0.01


class Model(Protocol):
    """Raw log-odds of BAD, before calibration."""

    def log_odds(self, rows: NDArray[Any]) -> Floats: ...

    def contributions(self, rows: NDArray[Any]) -> Floats: ...

    def files(self) -> dict[str, bytes]: ...


@dataclass(frozen=True)
class Input:
    """One input of a model. Numbers come before categories; a missing number is NaN, a missing category is ""."""

    name: str
    kind: Literal["number", "category"] = "number"
    monotone: Literal[-1, 0, 1] = 0  # how the risk moves as the number grows
    fact: str | None = None  # the name among the facts of app users
    column: str = ""  # the column of the book; differs from the name only for a flag
    code: str | None = None  # a flag: 1 where the column holds this sentinel code, else 0; "" means any missing value
    unknown: bool = False  # a flag: raised for app users of whom the fact is unknown, since facts carry no codes
    origin: str | None = None  # a date: days from it to this ISO date, or to this column of the same row
    missing: tuple[str, ...] = ()  # sentinel codes which mean that nothing is known
    low: float | None = None  # the range that training has seen, or the commonest levels
    high: float | None = None
    levels: tuple[str, ...] = ()

    @property
    def marks_unknown(self) -> bool:
        return self.unknown or self.code == ""


@dataclass(frozen=True)
class Artefact:
    """Scores rows of shape (n, inputs); every figure is in calibrated log-odds of BAD."""

    kind: Kind
    inputs: tuple[Input, ...]
    model: Model = field(repr=False)
    calibration: tuple[float, float] = (0.0, 1.0)  # a + b * raw log-odds
    simulated: bool = False
    cuts: Cuts = field(default_factory=Cuts)
    # The mean contribution of each input among approved people: what a person is compared with in explanations.
    reference: tuple[float, ...] = ()
    rows: bytes = field(default=b"", repr=False)  # hashes of the rows of training, so that fresh ones are told apart
    card: dict[str, Any] = field(default_factory=dict, repr=False)
    profile: dict[str, Any] = field(default_factory=dict, repr=False)  # training bins of inputs and score, for PSI

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The feature behind each input; a flag belongs to the feature of its column."""
        by_column = {each.column or each.name: each.fact for each in self.inputs if each.fact is not None}
        return tuple(each.fact or by_column[each.column] for each in self.inputs)

    @cached_property
    def version(self) -> str:
        """Sixteen hexadecimal digits of the hash of everything in the artefact."""
        return _short_hash(self._manifest)

    @cached_property
    def baseline(self) -> float:
        """The base of explanations: the mean log-odds of the approved people of training."""
        return self.calibration[0] + self.calibration[1] * self._expected + math.fsum(self.reference)

    @cached_property
    def unmapped(self) -> tuple[str, ...]:
        """The inputs that no fact feeds. Flags of sentinel codes need none: facts carry no codes."""
        return tuple(each.name for each in self.inputs if each.fact is None and each.code is None)

    @property
    def is_mapped(self) -> bool:
        """Whether app users can be scored with it, so that it may be promoted."""
        return bool(self.inputs) and not self.unmapped

    @cached_property
    def never_lacked(self) -> frozenset[str]:
        """The inputs that hardly any row of training lacked: a value for whoever lacks one would be invented."""
        learned = self.profile.get("inputs", {})
        return frozenset(
            each.name
            for each in self.inputs
            if each.code is None and each.name in learned and _lacked_by(learned[each.name]) < LACKED_BY_MIN
        )

    def log_odds(self, rows: Sequence[Sequence[Any]] | NDArray[Any]) -> Floats:
        """Calibrated log-odds of BAD. Raises ArtefactError for rows that don't fit."""
        a, b = self.calibration
        with _fitting():
            return a + b * self.model.log_odds(self._checked(rows))

    def contributions(self, rows: Sequence[Sequence[Any]] | NDArray[Any]) -> Floats:
        """What each input adds, compared with approved people; last column: the baseline. Rows sum to log_odds."""
        checked = self._checked(rows)
        with _fitting():
            effects = self.calibration[1] * self.model.contributions(checked)
            total = self.calibration[0] + self.calibration[1] * self.model.log_odds(checked)
        effects[:, :-1] -= np.asarray(self.reference or (0.0,) * len(self.inputs))
        effects[:, -1] = self.baseline
        # SHAP sums to the prediction but for the last bits of a float; the base takes them.
        for _ in range(3):
            effects[:, -1] += total - effects.sum(axis=1)
        return effects

    def _checked(self, rows: Sequence[Sequence[Any]] | NDArray[Any]) -> NDArray[Any]:
        try:
            table = np.asarray(rows, dtype=object)
        except ValueError as error:
            raise ArtefactError(f"Rows of unequal length: {error}") from error
        if table.ndim != 2 or table.shape[1] != len(self.inputs):
            raise ArtefactError(f"Rows of {len(self.inputs)} inputs are needed, not of the shape {table.shape}.")
        return table

    @cached_property
    def _expected(self) -> float:
        first = [math.nan if each.kind == "number" else "" for each in self.inputs]
        return float(self.model.contributions(np.asarray([first], dtype=object))[0, -1])

    @property
    def _files(self) -> dict[str, bytes]:
        return {**self.model.files(), _ROWS: self.rows} if self.rows else self.model.files()

    @cached_property
    def _manifest(self) -> bytes:
        manifest = {
            "format": _FORMAT,
            "kind": self.kind,
            "inputs": [_written(each) for each in self.inputs],
            "calibration": self.calibration,
            "simulated": self.simulated,
            "cuts": asdict(self.cuts),
            "reference": self.reference,
            "card": self.card,
            "profile": self.profile,
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(self._files.items())},
        }
        return json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1).encode()


def contents(artefact: Artefact) -> dict[str, bytes]:
    """The files of an artefact by name; `from_contents` reads them again under its version."""
    return {**artefact._files, _MANIFEST: artefact._manifest}


def from_contents(version: str, files: Mapping[str, bytes]) -> Artefact:
    """Checked against its version, a hash. Raises ArtefactError when anything is missing or was changed."""
    manifest = _file(version, files, _MANIFEST)
    if _short_hash(manifest) != version:
        raise ArtefactError(f"The manifest of model {version} was changed after it was saved.")
    written = json.loads(manifest)
    if written["format"] != _FORMAT:
        raise ArtefactError(f"Model {version} has the format {written['format']}; this program reads {_FORMAT}.")
    for name, digest in written["files"].items():
        if hashlib.sha256(_file(version, files, name)).hexdigest() != digest:
            raise ArtefactError(f"The file {name} of model {version} was changed after it was saved.")
    inputs = tuple(_input(each) for each in written["inputs"])
    return Artefact(
        kind=written["kind"],
        inputs=inputs,
        model=_model(written["kind"], {name: files[name] for name in written["files"]}, inputs),
        calibration=(written["calibration"][0], written["calibration"][1]),
        simulated=written["simulated"],
        cuts=Cuts(**written["cuts"]),
        reference=tuple(written["reference"]),
        rows=files[_ROWS] if _ROWS in written["files"] else b"",
        card=written["card"],
        profile=written["profile"],
    )


def save(artefact: Artefact, folder: Path) -> str:
    """Write to `folder/<version>` in one step, and give the version back. Saving the same twice is harmless."""
    if (folder / artefact.version).exists():
        return load(folder, artefact.version).version
    folders.write(folder, artefact.version, contents(artefact))
    return artefact.version


def load(folder: Path, version: str) -> Artefact:
    """Read `folder/<version>`. Raises ArtefactError when anything is missing or was changed."""
    return from_contents(version, folders.read(folder, version))


def _written(each: Input) -> dict[str, Any]:
    """The card as it is written, without what says nothing, so that models of before it was known keep their hash."""
    return {name: value for name, value in asdict(each).items() if name != "unknown" or value}


def _model(kind: Kind, files: dict[str, bytes], inputs: tuple[Input, ...]) -> Model:
    try:
        if kind == "catboost":
            return boosted.from_files(files, sum(each.kind == "number" for each in inputs))
        return additive.from_files(files)
    except Exception as error:  # CatBoost raises its own; whatever a damaged file causes, the model can't be used
        raise ArtefactError(f"The model can't be read: {error}") from error


def _lacked_by(profile: Mapping[str, Any]) -> float:
    """The share of training of which this was not known; see lab/carding.py."""
    levels = profile.get("levels")
    return float(
        profile["shares"][-1] if levels is None else dict(zip(levels, profile["shares"], strict=True)).get("", 0)
    )


def _input(written: dict[str, Any]) -> Input:
    return Input(**{**written, "missing": tuple(written["missing"]), "levels": tuple(written["levels"])})


class _fitting:
    """Turns what a model says about an unfit row into an ArtefactError."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, (TypeError, ValueError, AttributeError)):
            raise ArtefactError(f"A row doesn't fit the inputs of the model: {error}") from error


def _short_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _file(version: str, files: Mapping[str, bytes], name: str) -> bytes:
    try:
        return files[name]
    except KeyError:
        raise ArtefactError(f"{name} of model {version} can't be read: there is no such file.") from None
