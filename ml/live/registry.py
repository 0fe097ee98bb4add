"""Which model of each kind is live: one row, switched in the transaction that says so, and refused when other hands wrote it."""

import hmac
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import vault
from infra.database import Db
from infra.entity import Entity
from infra.lifecycle import Lifecycle, Move
from infra.revisions import Raised, raises
from ml.live import store
from ml.live.approvals import MODEL_PROMOTED
from ml.live.store import ModelKind
from ml.models.artefact import ArtefactError

BEFORE_MAX = 20
PURPOSE = "live-models"


class ModelState(StrEnum):
    STORED = "STORED"
    CHALLENGER = "CHALLENGER"
    CHAMPION = "CHAMPION"
    FORMER = "FORMER"


State = ModelState
LIFE = Lifecycle(
    "Model",
    Move([State.STORED, State.FORMER], State.CHALLENGER),
    Move([State.STORED, State.CHALLENGER, State.FORMER], State.CHAMPION, MODEL_PROMOTED),
    Move([State.CHAMPION], State.FORMER),
    Move([State.CHALLENGER, State.CHAMPION], State.STORED),  # withdrawn, or rolled back
    begins=State.STORED,
)


@dataclass(frozen=True)
class ModelStanding:
    """`before` are former champions, the latest first: what a rollback goes back to."""

    champion: str | None = None
    challenger: str | None = None
    before: tuple[str, ...] = ()

    def state_of(self, version: str) -> ModelState:
        if version == self.champion:
            return State.CHAMPION
        if version == self.challenger:
            return State.CHALLENGER
        return State.FORMER if version in self.before else State.STORED

    def promoted(self, version: str) -> "ModelStanding":
        if version == self.champion:
            return self
        LIFE.require(self.state_of(version), State.CHAMPION)
        before = ((self.champion,) if self.champion else ()) + self.before
        challenger = None if self.challenger == version else self.challenger
        return ModelStanding(version, challenger, before[:BEFORE_MAX])

    def challenged(self, version: str | None) -> "ModelStanding":
        if version is not None and version != self.challenger:
            LIFE.require(self.state_of(version), State.CHALLENGER)
        return replace(self, challenger=version)

    def rolled_back(self) -> "ModelStanding":
        if not self.before:
            raise ArtefactError("There is no earlier champion to go back to.")
        challenger = None if self.challenger == self.before[0] else self.challenger
        return ModelStanding(self.before[0], challenger, self.before[1:])


@raises(Raised.EVERYBODYS)
class LiveModel(Entity):
    """What is live of a kind. `mac` covers the rest of the row under the house's key."""

    __tablename__ = "live_models"

    kind: Mapped[ModelKind] = mapped_column(primary_key=True)
    champion: Mapped[str | None] = mapped_column(ForeignKey("model_artefacts.version"))
    challenger: Mapped[str | None] = mapped_column(ForeignKey("model_artefacts.version"))
    before: Mapped[list[str]]
    revision: Mapped[int] = mapped_column(BigInteger)  # one more with each switch
    mac: Mapped[bytes]


async def standing(db: Db, kind: ModelKind) -> ModelStanding:
    """Raises ArtefactError for a row that this program did not write."""
    return (await read(db, kind))[0]


async def revision(db: Db, kind: ModelKind) -> int:
    """Another number says that something may have changed."""
    return (await db.execute(select(LiveModel.revision).where(LiveModel.kind == kind))).scalar() or 0


async def read(db: Db, kind: ModelKind) -> tuple[ModelStanding, int]:
    """What stands, and the revision of the row, which grows."""
    row = (
        await db.execute(select(LiveModel).where(LiveModel.kind == kind).execution_options(populate_existing=True))
    ).scalar()
    return (_opened(row), row.revision) if row else (ModelStanding(), 0)


async def switch(db: Db, kind: ModelKind, change: Callable[[ModelStanding], ModelStanding]) -> ModelStanding:
    """Change what is live: with the commit, in one step, for all machines. The models must load first."""
    row = await _locked(db, kind)
    before = _opened(row)
    new = change(before)
    for version in {new.champion, new.challenger} - {None}:
        await load(db, kind, str(version))
    if new != before:
        _write(row, new)
        await db.flush()
    return new


async def is_believable(db: Db, kind: ModelKind) -> bool:
    """Whether what is live was written under this house's key, or nothing is."""
    try:
        await read(db, kind)
    except ArtefactError:
        return False
    return True


async def reseal(db: Db, kind: ModelKind, version: str) -> ModelStanding:
    """Let this alone be live in place of a row that nobody can believe: nothing of what it says is taken over."""
    await load(db, kind, version)
    mine = select(LiveModel).where(LiveModel.kind == kind).with_for_update()
    row = (await db.execute(mine.execution_options(populate_existing=True))).scalar_one()
    _write(row, new := ModelStanding(version))
    await db.flush()
    return new


async def load(db: Db, kind: ModelKind, version: str) -> store.AnyModel:
    return await (store.load_score if kind is ModelKind.SCORE else store.load_match)(db, version)


async def _locked(db: Db, kind: ModelKind) -> LiveModel:
    first = {"kind": kind, "before": [], "revision": 0, "mac": _mac(kind, ModelStanding(), 0)}
    await db.execute(insert(LiveModel).values(first).on_conflict_do_nothing())
    mine = select(LiveModel).where(LiveModel.kind == kind).with_for_update()
    return (await db.execute(mine.execution_options(populate_existing=True))).scalar_one()


def _opened(row: LiveModel) -> ModelStanding:
    standing = ModelStanding(row.champion, row.challenger, tuple(row.before))
    if not hmac.compare_digest(row.mac, _mac(row.kind, standing, row.revision)):
        raise ArtefactError(
            f"What is live of the kind {row.kind} was changed by other hands, or under another key. "
            "What to do: longan doctor."
        )
    return standing


def _write(row: LiveModel, new: ModelStanding) -> None:
    row.champion, row.challenger, row.before = new.champion, new.challenger, list(new.before)
    row.revision += 1
    row.mac = _mac(row.kind, new, row.revision)


def _mac(kind: ModelKind, standing: ModelStanding, revision: int) -> bytes:
    told = {"kind": kind, "revision": revision, **asdict(standing)}
    return vault.mac(PURPOSE, json.dumps(told, sort_keys=True).encode())
