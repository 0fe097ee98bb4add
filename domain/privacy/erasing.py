"""Erasing: the person's key is destroyed, and every row that no law keeps is deleted; what stays is noise, and names nobody."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy import Table, delete, func, select

from domain.invitations.batches import InvitedPhone
from domain.people.challenges import Challenge
from domain.people.users import Phone
from domain.privacy import owned
from infra.database import Db
from infra.entity import Entity
from infra.privacy import Erasure
from infra.revisions import Revision

# Tables whose rows go, though no column says whose they are.
ELSEWHERE: Mapping[str, str] = {
    "challenges": "found by the person's number, and deleted with it",
    "invited_phones": "found by the person's number, and deleted with it",
    "kept_messages": "of the embedded default alone; found by the blind index of a number, and gone within two days",
    "orphaned_tokens": "tokens without a word of whose they were; given back to their provider, or gone, within a week",
    "snapshot_pages": "everybody of one night, without names and under the house's seal; gone when the next night is done",
    "staff_sessions": "people who work here",
}


async def erase(db: Db, user_id: UUID) -> None:
    """Destroy the key, the blind indexes and all else that says of itself that it goes, in this transaction."""
    await let_go(db, user_id)
    numbers = (await db.execute(select(Phone.index).where(Phone.user_id == user_id))).scalars().all()
    await db.execute(delete(Challenge).where(Challenge.phone_index.in_(numbers)))
    await db.execute(delete(InvitedPhone).where(InvitedPhone.phone_index.in_(numbers)))
    await _delete(db, user_id, _that_are(Erasure.DELETED))
    db.info.pop("seals", None)


async def forget_kept(db: Db, user_id: UUID, tables: set[str]) -> None:
    """Delete what the law asked for of somebody who was erased, in these tables, where its time is over."""
    await let_go(db, user_id)
    await _delete(db, user_id, _that_are(Erasure.KEPT) & tables)


async def let_go(db: Db, user_id: UUID) -> None:
    """Let records of this person go, and of nobody else, in this transaction."""
    await db.execute(select(func.set_config("longan.erases", str(user_id), True)))


async def _delete(db: Db, user_id: UUID, tables: set[str]) -> None:
    for table in _in_order(tables):
        theirs = owned.is_theirs(table, user_id)
        if theirs is not None:
            await db.execute(delete(table).where(theirs))


def _that_are(erasure: Erasure) -> set[str]:
    return {str(entity.__tablename__) for entity, privacy in owned.kinds() if privacy.erasure is erasure}


def _in_order(gone: set[str]) -> Iterator[Table]:
    """Those that others point to come later, and the revisions, which each of them raises, at the end."""
    ordered = [table for table in reversed(Entity.metadata.sorted_tables) if table.name in gone]
    yield from (table for table in ordered if table.name != Revision.__tablename__)
    yield from (table for table in ordered if table.name == Revision.__tablename__)
