"""Telling a person something: in their list at once, and by push or text when the gate lets it. All of it in the
transaction, or the reaction, of what is told.
"""

from typing import Any
from uuid import UUID

from domain.notices import contacting, deliveries, devices, gate, notices
from domain.notices.classes import NoticeChannel
from domain.notices.kinds import NoticeKind
from domain.notices.notices import Notice
from infra import clock, outbox, vault
from infra.database import Db


async def notify(
    db: Db, user_id: UUID, kind: NoticeKind, subject_id: UUID | None = None, **values: Any
) -> Notice | None:
    """Tell a person something; None where the gate lets them be told by no way at all, or where there is nobody.

    `values` fill in its sentences: names in English where we have them in both languages, moments under names in `_at`.
    `subject_id` is what it is about: of one kind, the newest about one thing is what is still told by push and text.
    """
    await db.flush()
    to, now = await contacting.addressee(db, user_id), await clock.now(db)
    if to is None or to.is_invented:
        return None
    seal = await vault.seal_of(db, user_id)
    written = {name: value.isoformat() if name.endswith("_at") else value for name, value in values.items()}
    notice = Notice(
        user_id=user_id,
        code=kind.code,
        notice_class=kind.notice_class,
        subject_id=subject_id,
        values_sealed=seal.close(written, notices.VALUES) if written else None,
        at=now,
        is_listed=gate.may_contact(to.facts, kind.notice_class, NoticeChannel.APP, now).is_allowed,
    )
    ringing = await devices.ringing(db, user_id) if kind.push else []
    planned = await deliveries.plan(db, notice, to, ringing, collapse_key(kind, subject_id))
    if not notice.is_listed and not planned:
        return None
    db.add(notice)
    outbox.wake(db, user_id)
    return notice


def collapse_key(kind: NoticeKind, subject_id: UUID | None) -> str:
    """What is told under one key is told once: on a device the newer takes the place of the older."""
    return f"{kind.topic or kind.code}:{subject_id or ''}"
