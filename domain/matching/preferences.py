"""Whether a person's matches may be ranked by what is known of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped

from domain.actors import UserActor
from infra import clock
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises


@raises(Raised.OWNERS)
class MatchPreference(Entity):
    """No row: personal, as everybody begins."""

    __tablename__ = "match_preferences"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    is_personal: Mapped[bool]
    changed_at: Mapped[datetime]


async def choose(db: Db, actor: UserActor, *, is_personal: bool) -> None:
    """Rank this person's matches, from the next read on, by what suits them, or by cost alone."""
    row = insert(MatchPreference).values(user_id=actor.user_id, is_personal=is_personal, changed_at=await clock.now(db))
    new = {"is_personal": row.excluded.is_personal, "changed_at": row.excluded.changed_at}
    is_other = MatchPreference.is_personal != row.excluded.is_personal
    await db.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=new, where=is_other))


async def is_personal(db: Db, user_id: UUID) -> bool:
    row = await db.get(MatchPreference, user_id)
    return row is None or row.is_personal
