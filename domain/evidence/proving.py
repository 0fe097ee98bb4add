"""Proving: the bundle that a person takes away of one piece of their evidence."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Select, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.actors import UserActor
from domain.evidence import tree
from domain.evidence.bundles import Bundle
from domain.evidence.leaves import CONTENT, Evidence
from domain.evidence.log import EvidenceHead, hashes_over, newest_head
from infra import vault
from infra.database import Db


def visible_to(actor: UserActor) -> Select[Evidence]:
    """A person's own evidence; nobody else sees any."""
    return select(Evidence).where(Evidence.user_id == actor.user_id)


async def sealed_at(db: Db, positions: set[int | None]) -> dict[int | None, datetime]:
    """When the first head was signed over each place of the log."""
    places = cast([place for place in positions if place is not None], ARRAY(BigInteger))
    placed = func.unnest(places).table_valued(column("place", BigInteger)).render_derived("placed")
    # The sizes are the key of the heads, so this is one look into the index a place.
    above = select(EvidenceHead.signed_at).where(EvidenceHead.size > placed.c.place).order_by(EvidenceHead.size)
    first = above.limit(1).scalar_subquery()
    return {place: at for place, at in await db.execute(select(placed.c.place, first)) if at is not None}


async def newest_note(db: Db) -> str | None:
    head = await newest_head(db)
    return head.note if head else None


async def bundle(db: Db, actor: UserActor, id: UUID) -> Bundle | None:
    """None where there is no such evidence of theirs, or no head over it yet."""
    evidence = (await db.execute(visible_to(actor).where(Evidence.id == id))).scalar_one_or_none()
    head = await newest_head(db)
    if evidence is None or evidence.position is None or head is None:
        return None
    path = await hashes_over(db, tree.inclusion_path(evidence.position, head.size))
    opened = (await vault.seal_of(db, actor.user_id)).open(evidence.content_sealed, CONTENT)
    return Bundle(
        content=opened["content"],
        salt=opened["salt"],
        leaf=evidence.leaf.decode(),
        position=evidence.position,
        path=[step.hex() for step in path],
        checkpoint=head.note,
    )
