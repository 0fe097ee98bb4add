"""Artefacts in Postgres, named by the hash of their content: any machine can fetch them, and checks them when it does."""

import asyncio
from collections import OrderedDict
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ForeignKey, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.database import Db
from infra.entity import Entity
from infra.records import Record
from infra.settings import settings
from ml.models import artefact as score_artefacts
from ml.models import folders
from ml.models import matcher as match_artefacts
from ml.models.artefact import Artefact, ArtefactError
from ml.models.leaves import leaves_of
from ml.models.matcher import HEADER, MatchArtefact

AnyModel = Artefact | MatchArtefact
READY_MAX = 8


class ModelKind(StrEnum):
    SCORE = "score"
    MATCH = "match"


class ModelArtefact(Entity):
    """A trained model. `version` is the hash of its files, so a row never changes."""

    __tablename__ = "model_artefacts"
    __record__ = Record()

    version: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[ModelKind]
    simulated: Mapped[bool]
    saved_at: Mapped[datetime]


class ModelFile(Entity):
    """One file of a model, at most a few megabytes."""

    __tablename__ = "model_files"
    __record__ = Record()

    version: Mapped[str] = mapped_column(ForeignKey("model_artefacts.version"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]


def folder() -> Path:
    """The folder in which `longan train` leaves models on this machine."""
    return settings().var / "models"


async def save(db: Db, model: AnyModel) -> str:
    """Saving the same twice is harmless."""
    kind = ModelKind.SCORE if isinstance(model, Artefact) else ModelKind.MATCH
    row = {"version": model.version, "kind": kind, "simulated": model.simulated, "saved_at": await clock.now(db)}
    await db.execute(insert(ModelArtefact).values(row).on_conflict_do_nothing())
    files = score_artefacts.contents(model) if isinstance(model, Artefact) else match_artefacts.contents(model)
    each = [{"version": model.version, "name": name, "content": content} for name, content in files.items()]
    await db.execute(insert(ModelFile).on_conflict_do_nothing(), each)
    return model.version


DIGEST = text(
    """
    SELECT encode(sha256(convert_to(string_agg(name || ' ' || encode(sha256(content), 'hex'), E'\\n'
                                               ORDER BY name COLLATE "C"), 'UTF8')), 'hex')
      FROM model_files WHERE version = :version
    """
)


async def digest(db: Db, version: str) -> str:
    """The hash of all its files as they are kept now; empty where there are none."""
    return (await db.execute(DIGEST, {"version": version})).scalar_one() or ""


async def bring(db: Db, version: str) -> None:
    """Put a model of this machine's folder where all machines find it; nothing where it is there already."""
    if await db.get(ModelArtefact, version) is None:
        await save(db, await asyncio.to_thread(_from_folder, version))


async def load_score(db: Db, version: str) -> Artefact:
    """Ready to score. Raises ArtefactError where it is missing, was changed, or may not be used here."""
    model = await load(db, version)
    if not isinstance(model, Artefact):
        raise ArtefactError(f"Model {version} is a matcher, not a score.")
    return model


async def load_match(db: Db, version: str) -> MatchArtefact:
    model = await load(db, version)
    if not isinstance(model, MatchArtefact):
        raise ArtefactError(f"Model {version} is a score, not a matcher.")
    return model


# A version names its content, so what was read and checked once stays right.
_ready: OrderedDict[str, AnyModel] = OrderedDict()


async def load(db: Db, version: str) -> AnyModel:
    model = _ready.get(version)
    if model is None:
        files = await contents(db, version)
        model = await asyncio.to_thread(_prepared, version, files)
        _ready[version] = model
        if len(_ready) > READY_MAX:
            _ready.popitem(last=False)
    return allowed(model)


async def contents(db: Db, version: str) -> dict[str, bytes]:
    mine = select(ModelFile.name, ModelFile.content).where(ModelFile.version == version)
    files = {name: bytes(content) for name, content in await db.execute(mine)}
    if not files:
        raise ArtefactError(f"There is no model {version}.")
    return files


async def list_artefacts(db: Db) -> list[ModelArtefact]:
    """All artefacts, oldest first."""
    return list(
        (await db.execute(select(ModelArtefact).order_by(ModelArtefact.saved_at, ModelArtefact.version))).scalars()
    )


def allowed(model: AnyModel) -> AnyModel:
    if model.simulated and not settings().is_embedded:
        raise ArtefactError(f"Model {model.version} learned from simulated people: it never decides about real ones.")
    return model


def forget() -> None:
    """Read and check every model again when it is asked for next."""
    _ready.clear()


def read(version: str, files: dict[str, bytes]) -> AnyModel:
    if HEADER in files:
        return match_artefacts.from_contents(version, files)
    return score_artefacts.from_contents(version, files)


def _prepared(version: str, files: dict[str, bytes]) -> AnyModel:
    """Made ready where it is loaded, so that no request waits for it."""
    model = read(version, files)
    if isinstance(model, Artefact):
        leaves_of(model)
    else:
        model.warm()
    return model


def _from_folder(version: str) -> AnyModel:
    return read(version, folders.read(folder(), version))
