"""Exporting: all rows that are a person's, with their seals open, as JSON in one archive that only they can fetch."""

import base64
import io
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, select
from sqlalchemy.orm import undefer

from domain.actors import UserActor
from domain.notices.telling import notify
from domain.people import stepping_up
from domain.people.users import User
from domain.privacy import exports, owned
from domain.privacy.exports import DataExport, ExportStatus
from domain.privacy.retention import WITHHELD
from infra import clock, counters, outbox, vault
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.outbox import Event
from infra.privacy import Export, Privacy
from infra.reactions import reaction
from infra.setting_parts import Rate
from infra.vault import Seal
from infra.words import N_

PER_PERSON = Rate(times=3, seconds=86_400)


async def ask(db: Db, actor: UserActor) -> DataExport:
    """What this session asked for, if it is being made or can be fetched; else it is made anew.

    Refuses STEP_UP_REQUIRED of a session older than a day, NOT_OPEN whoever recovered, and RATE_LIMITED.
    """
    if not await stepping_up.is_young(db, actor):
        await stepping_up.require_step_up(db, actor)
    await db.get_one(User, actor.user_id, with_for_update={"key_share": True})
    its = exports.visible_to(actor).where(DataExport.status.in_([ExportStatus.PREPARING, ExportStatus.READY]))
    now = await clock.now(db)
    open_one = (await db.execute(its.where(DataExport.ends_at > now).order_by(DataExport.id.desc()).limit(1))).scalar()
    if open_one is not None:
        return open_one
    if retry_at := await counters.take(db, [Use(PER_PERSON, "exportMyData", str(actor.user_id))]):
        sentence = N_("You have asked for this too often today. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, retry_at=retry_at)
    made = DataExport(
        user_id=actor.user_id, session_id=actor.session_id, asked_at=now, ends_at=now + exports.MADE_WITHIN
    )
    db.add(made)
    await outbox.announce(db, exports.ASKED, user_id=made.user_id, subject_id=made.id)
    await outbox.announce(db, exports.END_DUE, user_id=made.user_id, subject_id=made.id, due_at=made.ends_at)
    return made


@reaction(exports.ASKED, stored_as="make_data_export")
async def make(db: Db, event: Event) -> None:
    """Write the archive, sealed. Nothing for somebody who was erased meanwhile, or where it was given up."""
    made = await _lock(db, event)
    if made is None or made.status is not ExportStatus.PREPARING:
        return
    seal = await vault.seal_of(db, made.user_id)
    archive = await archive_of(db, made.user_id, seal)
    made.archive_sealed = seal.close(base64.b64encode(archive).decode(), exports.ARCHIVE)
    made.ends_at = await clock.now(db) + exports.LASTS
    await exports.LIFE.move(db, made, ExportStatus.READY)
    await outbox.announce(db, exports.END_DUE, user_id=made.user_id, subject_id=made.id, due_at=made.ends_at)


@reaction(exports.READY, stored_as="tell_data_export")
async def tell_data_export(db: Db, event: Event) -> None:
    made = await _lock(db, event)
    if made is not None and made.status is ExportStatus.READY:
        await notify(db, made.user_id, exports.EXPORT_READY, None, until_at=made.ends_at)


@reaction(exports.END_DUE, stored_as="end_data_export")
async def end(db: Db, event: Event) -> None:
    """Give up what could not be made in time, and forget what can be fetched no longer."""
    made = await _lock(db, event)
    if made is None or await clock.now(db) < made.ends_at:
        return
    if made.status is ExportStatus.PREPARING:
        await exports.LIFE.move(db, made, ExportStatus.FAILED)
    elif made.status is ExportStatus.READY:
        made.archive_sealed = None
        await exports.LIFE.move(db, made, ExportStatus.EXPIRED)


async def _lock(db: Db, event: Event) -> DataExport | None:
    its = select(DataExport).where(DataExport.user_id == event.user_id, DataExport.id == event.subject_id)
    return (await db.execute(its.with_for_update())).scalar_one_or_none()


async def fetch(db: Db, actor: UserActor, id: UUID) -> bytes | None:
    """The archive, for the session that asked; None where it is not theirs, not ready, or over."""
    its = exports.visible_to(actor).where(DataExport.id == id).options(undefer(DataExport.archive_sealed))
    found = (await db.execute(its)).scalar_one_or_none()
    if found is None or found.archive_sealed is None or await clock.now(db) >= found.ends_at:
        return None
    seal = await vault.seal_of(db, actor.user_id)
    return base64.b64decode(seal.open(found.archive_sealed, exports.ARCHIVE))


async def archive_of(db: Db, user_id: UUID, seal: Seal) -> bytes:
    """A zip with one JSON file for each table, and `about.json`, which says what is not in it, and why."""
    filled = io.BytesIO()
    about = {"madeAt": await clock.now(db), "person": user_id, "withheld": WITHHELD}
    with zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.json", _json(about))
        for entity, privacy in owned.kinds():
            table = entity.__table__
            assert isinstance(table, Table)
            query = owned.rows_of(table, user_id)
            if privacy.export is Export.WITHHELD or query is None:
                continue
            rows = (await db.execute(query)).mappings().all()
            archive.writestr(f"{table.name}.json", _json([dict(_opened(table, privacy, row, seal)) for row in rows]))
    return filled.getvalue()


def _opened(table: Table, privacy: Privacy, row: Mapping[str, Any], seal: Seal) -> Iterator[tuple[str, Any]]:
    for name in table.c.keys():  # noqa: SIM118 - a table's columns are no mapping
        value = row[name]
        if name == "user_id" or name in privacy.secrets or owned.is_raw(table, name):
            continue
        if name.endswith(owned.SEALED):
            opened = None if value is None else seal.open(value, owned.place_of(table, name))
            yield name.removesuffix(owned.SEALED), opened
        else:
            yield name, value


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | datetime | UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)
