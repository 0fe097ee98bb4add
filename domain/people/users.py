"""User: a person, known by a phone number."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from domain.people import phones
from infra import clock, outbox, vault
from infra.database import Db
from infra.entity import Entity, Id
from infra.events import declare
from infra.ids import new_id
from infra.lifecycle import Lifecycle, Move
from infra.loaders import ANY_KEY, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises

PHONE = "users.phone"
REGISTERED = declare("user.registered")


class UserStatus(StrEnum):
    ACTIVE = "ACTIVE"
    RESTRICTED = "RESTRICTED"


LIFE = Lifecycle(
    "User",
    Move([UserStatus.ACTIVE], UserStatus.RESTRICTED),
    Move([UserStatus.RESTRICTED], UserStatus.ACTIVE),
    begins=UserStatus.ACTIVE,
)


@raises(Raised.OWNERS)
class User(Entity):
    __tablename__ = "users"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)

    id: Mapped[Id]
    phone_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    status: Mapped[UserStatus] = mapped_column(default=UserStatus.ACTIVE)
    put_away_at: Mapped[datetime | None] = mapped_column(default=None)  # its number has a new owner
    is_invented: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    tests_for: Mapped[UUID | None] = mapped_column(default=None)  # the test partner in whose world they are invented


Index("ix_users_created_at", User.created_at)
Index("ix_users_invented", User.id, postgresql_where=User.is_invented)
Index("ix_users_testing", User.id, postgresql_where=User.tests_for.is_not(None))


class Phone(Entity):
    """The way from a number to its user, by blind index."""

    __tablename__ = "phones"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    index: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    bound_at: Mapped[datetime]
    reassigned_at: Mapped[datetime | None] = mapped_column(default=None)  # a carrier says that it has a new owner


async def find_by_phone(db: Db, phone_index: bytes) -> User | None:
    return (
        await db.execute(select(User).join(Phone, Phone.user_id == User.id).where(Phone.index == phone_index))
    ).scalar_one_or_none()


async def lock(db: Db, user_id: UUID) -> None:
    """What two do at once about one person's means of signing in is done one after the other."""
    await db.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


async def find_or_register(db: Db, phone: str) -> User:
    """The user of this number; a new one where nobody has it. Two first sign-ins at once make one user."""
    return await find_by_phone(db, phones.index(phone)) or await register(db, phone)


async def register(db: Db, phone: str, *, id: UUID | None = None) -> User:
    """Somebody new, with this id if one is given; or whoever else bound the number first."""
    index, user = phones.index(phone), await _written(db, phone, id or new_id())
    bound = insert(Phone).values(index=index, user_id=user.id, bound_at=user.created_at).on_conflict_do_nothing()
    if (await db.execute(bound.returning(Phone.user_id))).scalar_one_or_none() is None:
        await db.delete(user)
        await db.delete(await db.get_one(vault.PersonKey, user.id))
        await db.flush()
        winner = await find_by_phone(db, index)
        assert winner is not None, "the number was just bound by somebody else"
        return winner
    await outbox.announce(db, REGISTERED, user_id=user.id)
    return user


async def _written(db: Db, phone: str, id: UUID) -> User:
    key = vault.new_person_key(id)
    sealed = vault.seal_with(key).close(phone, PHONE)
    user = User(id=key.user_id, phone_sealed=sealed, created_at=await clock.now(db))
    db.add_all([user, key])
    await db.flush()
    return user


def phone_of(user: User, seal: vault.Seal) -> str:
    phone: str = seal.open(user.phone_sealed, PHONE)
    return phone


OF_USERS = Question(lambda: select(User).where(User.id == ANY_KEY))


@loader(OF_USERS)
async def by_ids(db: Db | None, ids: set[UUID], now: datetime, rows: list[tuple[User]]) -> dict[UUID, User]:
    return {user.id: user for (user,) in rows}


@loader(OF_USERS, vault.PERSON_KEYS)
async def masked_phones(
    db: Db | None, ids: set[UUID], now: datetime, rows: list[tuple[User]], keys: list[tuple[vault.PersonKey]]
) -> dict[UUID, str]:
    seals = {key.user_id: vault.seal_with(key) for (key,) in keys}
    return {user.id: phones.masked(phone_of(user, seals[user.id])) for (user,) in rows if user.id in seals}
