"""Notice: something that a person was told, as it stands in the app's list of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Select, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.notices import kinds
from domain.notices.classes import NoticeClass
from domain.notices.kinds import NoticeKind
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.loaders import ANY_KEY, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import Locale

VALUES = "notices.values"
LATELY = timedelta(minutes=10)  # longer than any transaction is let last
MOST = 200


@raises(Raised.OWNERS)
class Notice(Entity):
    """`code` names its kind. `is_listed`: it stands in the app; a person may want advertisements by push alone."""

    __tablename__ = "notices"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    code: Mapped[str]
    notice_class: Mapped[NoticeClass]
    subject_id: Mapped[UUID | None]
    values_sealed: Mapped[bytes | None]
    at: Mapped[datetime]
    is_listed: Mapped[bool]
    read_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def kind(self) -> NoticeKind | None:
        """None where another version of the house knows it."""
        return kinds.declared().get(self.code)


Index(
    "ix_notices_unread",
    Notice.user_id,
    postgresql_where=Notice.read_at.is_(None) & Notice.is_listed,
)


def visible_to(actor: UserActor) -> Select[Notice]:
    """What stands in a person's own list."""
    known = Notice.code.in_([*kinds.declared()])
    return select(Notice).where(Notice.user_id == actor.user_id, Notice.is_listed, known)


def values_of(notice: Notice, seal: vault.Seal) -> dict[str, Any]:
    return seal.open(notice.values_sealed, VALUES) if notice.values_sealed else {}


def title_of(notice: Notice, seal: vault.Seal, locale: Locale) -> str:
    assert notice.kind, "nothing of an unknown kind is listed"
    return kinds.written(notice.kind.title, values_of(notice, seal), locale)


def body_of(notice: Notice, seal: vault.Seal, locale: Locale) -> str:
    assert notice.kind, "nothing of an unknown kind is listed"
    return kinds.written(notice.kind.body, values_of(notice, seal), locale)


def link_of(notice: Notice, seal: vault.Seal, locale: Locale) -> str | None:
    """Where it leads: to what was written with it, or else to where all of its kind lead."""
    if written := values_of(notice, seal).get("link"):
        return kinds.in_language(written, locale)
    return notice.kind.link.to(notice.subject_id) if notice.kind and notice.kind.link else None


@loader(vault.PERSON_KEYS)
async def seals(
    db: Db | None, user_ids: set[UUID], now: datetime, keys: list[tuple[vault.PersonKey]]
) -> dict[UUID, vault.Seal]:
    return {key.user_id: vault.seal_with(key) for (key,) in keys}


_UNREAD = Question(
    lambda: (
        select(Notice.user_id, func.count())
        .where(Notice.user_id == ANY_KEY, Notice.is_listed, Notice.read_at.is_(None))
        .group_by(Notice.user_id)
    )
)


@loader(_UNREAD)
async def unread(db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[UUID, int]]) -> dict[UUID, int]:
    """How many of a person's notices they have not read."""
    return dict.fromkeys(user_ids, 0) | {row[0]: row[1] for row in rows}


async def read_until(db: Db, actor: UserActor, until: datetime) -> None:
    """Whatever was told until then is read; what was read before stays so."""
    mine = (Notice.user_id == actor.user_id, Notice.at <= until, Notice.read_at.is_(None))
    await db.execute(update(Notice).where(*mine).values(read_at=await clock.now(db)))


async def lately(db: Db, actor: UserActor, since: datetime) -> list[Notice]:
    """What was told since then, or a little before: who began to tell may be done later than who began after them."""
    newest = visible_to(actor).where(Notice.at > since - LATELY).order_by(Notice.id.desc()).limit(MOST)
    return [*reversed((await db.execute(newest)).scalars().all())]
