"""The live model in each process: what it serves, and how it hears of another within a heartbeat."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, Protocol, TypeVar

import structlog

from infra.database import Db
from infra.settings import settings
from ml.live import registry, store
from ml.live.registry import ModelStanding
from ml.live.store import ModelKind
from ml.models.artefact import Artefact, ArtefactError
from ml.models.matcher import MatchArtefact

log = structlog.get_logger()

# After a new champion could not be loaded, it is tried again this much later.
RETRY_SECONDS = 30.0


class Versioned(Protocol):
    @property
    def version(self) -> str: ...


Model = TypeVar("Model", bound=Versioned)


class Live(Generic[Model]):
    """The live model of a kind, in memory. A damaged or missing artefact is refused, and what was live stays."""

    def __init__(
        self, kind: ModelKind, load: Callable[[Db, str], Awaitable[Model]], which: Callable[[ModelStanding], str | None]
    ) -> None:
        self._kind, self._load, self._which = kind, load, which
        self._model: Model | None = None
        self._revision = -1
        self._look_at = 0.0
        self._refused = (-1, 0.0)  # the revision that could not be taken over, and when to try it again

    def current(self) -> Model | None:
        return self._model

    @property
    def may_be_there(self) -> bool:
        """Whether a model may be live; also where nobody has looked yet."""
        return self._revision < 0 or self._model is not None

    async def keep_up(self, db: Db) -> None:
        """Look, unless this process has looked within the last heartbeat."""
        if monotonic() >= self._look_at:
            await self.catch_up(db)

    async def catch_up(self, db: Db) -> None:
        """Look now. The old model goes on answering while the new one is loaded."""
        self._look_at = monotonic() + settings().model_heartbeat_seconds
        revision = await registry.revision(db, self._kind)
        if revision == self._revision or (revision == self._refused[0] and monotonic() < self._refused[1]):
            return
        try:
            await self._take_over(db)
        except ArtefactError as error:
            self._refused = (revision, monotonic() + RETRY_SECONDS)
            log.error("model refused", kind=self._kind, reason=str(error))

    async def _take_over(self, db: Db) -> None:
        standing, revision = await registry.read(db, self._kind)
        version = self._which(standing)
        has_it = self._model is not None and self._model.version == version
        model = self._model if has_it else await self._load(db, version) if version else None
        # Whoever looked before and loaded longer must not bring an old model back.
        if revision > self._revision:
            self._model, self._revision = model, revision


def live_scorer_model() -> Live[Artefact]:
    return Live(ModelKind.SCORE, store.load_score, lambda now: now.champion)


def live_challenger_model() -> Live[Artefact]:
    return Live(ModelKind.SCORE, store.load_score, lambda now: now.challenger)


def live_matcher_model() -> Live[MatchArtefact]:
    return Live(ModelKind.MATCH, store.load_match, lambda now: now.champion)
