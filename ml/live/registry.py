"""Which model is live: artefacts in a folder, and one small pointer file per kind that is switched atomically."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Generic, Protocol, TypeVar

import structlog

from infra.settings import settings
from ml.models import artefact as score_artefacts
from ml.models import matcher as match_artefacts
from ml.models.artefact import Artefact, ArtefactError
from ml.models.leaves import leaves_of
from ml.models.matcher import MatchArtefact

log = structlog.get_logger()

BEFORE_MAX = 20
# After a new champion could not be loaded, it is tried again this much later.
RETRY_SECONDS = 30.0


class Kind(StrEnum):
    SCORE = "score"
    MATCH = "match"


@dataclass(frozen=True)
class Standing:
    """`before` are former champions, the latest first: what a rollback goes back to."""

    champion: str | None = None
    challenger: str | None = None
    before: tuple[str, ...] = ()

    def promoted(self, version: str) -> "Standing":
        if version == self.champion:
            return self
        before = ((self.champion,) if self.champion else ()) + self.before
        challenger = None if self.challenger == version else self.challenger
        return Standing(version, challenger, before[:BEFORE_MAX])

    def challenged(self, version: str | None) -> "Standing":
        return replace(self, challenger=version)

    def rolled_back(self) -> "Standing":
        if not self.before:
            raise ArtefactError("There is no earlier champion to go back to.")
        challenger = None if self.challenger == self.before[0] else self.challenger
        return Standing(self.before[0], challenger, self.before[1:])


class Versioned(Protocol):
    @property
    def version(self) -> str: ...

    @property
    def simulated(self) -> bool: ...


Model = TypeVar("Model", bound=Versioned)


def folder() -> Path:
    return settings().var / "models"


def pointer(kind: Kind) -> Path:
    return folder() / f"{kind}.json"


def standing(kind: Kind) -> Standing:
    try:
        written = json.loads(pointer(kind).read_bytes())
    except FileNotFoundError:
        return Standing()
    except (OSError, ValueError) as error:
        raise ArtefactError(f"The pointer to the live {kind} model can't be read: {error}") from error
    return Standing(written["champion"], written["challenger"], tuple(written["before"]))


def switch(kind: Kind, change: Callable[[Standing], Standing]) -> Standing:
    """Change what is live in one step; whoever is reading sees the old or the new. The models must load first."""
    with _alone(kind):
        new = change(standing(kind))
        for version in {new.champion, new.challenger} - {None}:
            load(kind, str(version))
        _write(pointer(kind), json.dumps(asdict(new), indent=1).encode())
        return new


def load(kind: Kind, version: str) -> Artefact | MatchArtefact:
    return load_score(version) if kind is Kind.SCORE else load_match(version)


def load_score(version: str) -> Artefact:
    return _allowed(score_artefacts.load(folder(), version))


def load_match(version: str) -> MatchArtefact:
    return _allowed(match_artefacts.load(folder(), version))


def _allowed(model: Model) -> Model:
    if model.simulated and not settings().is_embedded:
        raise ArtefactError(f"Model {model.version} learned from simulated people: it never decides about real ones.")
    return model


class Live(Generic[Model]):
    """The live model of a kind. A new champion is noticed by the pointer's time stamp and loaded beside the old one."""

    def __init__(self, kind: Kind, load: Callable[[str], Model], which: Callable[[Standing], str | None]) -> None:
        self._kind, self._load, self._which = kind, load, which
        self._model: Model | None = None
        self._stamp = 0
        self._retry_at = float("inf")
        self._loading = Lock()

    def current(self) -> Model | None:
        """The live model. Loads the first one itself; later ones in a thread, while the old one goes on answering."""
        if self._is_stale():
            if self._model is None:
                self.refresh()
            elif not self._loading.locked():
                Thread(target=self.refresh, name=f"load-{self._kind}", daemon=True).start()
        return self._model

    def refresh(self) -> None:
        """Look now. A damaged or missing artefact is refused, and what was live stays."""
        with self._loading:
            if not self._is_stale():
                return
            self._stamp, self._retry_at = self._stamp_now(), float("inf")
            try:
                version = self._which(standing(self._kind))
                if version is None:
                    self._model = None
                elif self._model is None or self._model.version != version:
                    self._model = self._load(version)
            except ArtefactError as error:
                self._retry_at = monotonic() + RETRY_SECONDS
                log.error("model refused", kind=self._kind, reason=str(error))

    def _is_stale(self) -> bool:
        return self._stamp_now() != self._stamp or monotonic() >= self._retry_at

    def _stamp_now(self) -> int:
        try:
            seen = os.stat(pointer(self._kind))
        except OSError:
            return 0
        # A replaced file is another inode, so two switches within one tick of the clock are told apart.
        return seen.st_mtime_ns ^ seen.st_ino


def _champion(now: Standing) -> str | None:
    return now.champion


def _challenger(now: Standing) -> str | None:
    return now.challenger


def live_scorer_model() -> Live[Artefact]:
    return Live(Kind.SCORE, _ready_score, _champion)


def live_challenger_model() -> Live[Artefact]:
    return Live(Kind.SCORE, _ready_score, _challenger)


def live_matcher_model() -> Live[MatchArtefact]:
    return Live(Kind.MATCH, _ready_match, _champion)


def _ready_score(version: str) -> Artefact:
    """Prepared here, where it is loaded, so that no request waits for it."""
    model = load_score(version)
    leaves_of(model)
    return model


def _ready_match(version: str) -> MatchArtefact:
    model = load_match(version)
    model.warm()
    return model


@contextmanager
def _alone(kind: Kind) -> Iterator[None]:
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / f".{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".new")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
