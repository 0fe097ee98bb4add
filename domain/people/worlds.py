"""Worlds: everybody's, and one of each test partner's own, which nobody else ever sees. A row is of its person's or partner's world."""

from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.people import partners, users
from domain.people.partners import Partner
from domain.people.users import User
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.words import N_

# Of no telephone company, and longer than any number that somebody could sign in with.
NUMBER = "+86100{:013d}"
Whose = UUID | InstrumentedAttribute[UUID]


def of_live_partner(partner_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether this partner is one of everybody's world, as part of a larger question."""
    return partner_id.not_in(select(Partner.id).where(Partner.is_test))


def of_live_person(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether this person is one of everybody's world, as part of a larger question."""
    return user_id.not_in(select(User.id).where(User.tests_for.is_not(None)))


def meet(user_id: Whose, partner_id: Whose) -> ColumnElement[bool]:
    """Whether person and partner are of one world: the one place that lets them see anything of each other."""
    person = aliased(User)  # whoever asks may speak of users too
    of_person = select(person.tests_for).where(person.id == user_id).scalar_subquery()
    partner = literal(partner_id) if isinstance(partner_id, UUID) else partner_id
    is_live = partner.not_in(select(Partner.id).where(Partner.is_test))
    return or_(of_person == partner, and_(of_person.is_(None), is_live))


# The same in SQL, over a row `person` of users and a row `partner` of partners.
MEET_SQL = "coalesce(person.tests_for = partner.id, NOT partner.is_test)"


async def refuse_apart(db: Db, user_id: UUID, partner_id: UUID) -> None:
    """Refuses NOT_ALLOWED a person and a partner that are not of one world."""
    if not (await db.execute(select(meet(user_id, partner_id)))).scalar_one():
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("This is a test, in which nobody real takes part."))


async def is_test(db: Db, partner_id: UUID) -> bool:
    """Whether this partner has a world of its own."""
    partner = (await partners.recall(db)).get(partner_id)
    return partner is not None and partner.is_test


async def test_partner(db: Db, partner: Partner) -> Partner:
    """A partner's test partner, with a world of its own; made where there is none yet."""
    if partner.is_test:
        return partner
    id, code = uuid5(partner.id, "test"), f"{partner.code}-test"
    its = select(Partner).where(Partner.is_test, or_(Partner.id == id, Partner.code == code))
    # A live partner may have the code that comes to mind first.
    for free in (code, f"{code}-{id.hex[:8]}"):
        row = insert(Partner).values(id=id, code=free, name=partner.name, purpose=partner.purpose, is_test=True)
        await db.execute(row.on_conflict_do_nothing())
        if found := (await db.execute(its)).scalar_one_or_none():
            return found
    raise AssertionError("nobody else has such a code")


async def invent(db: Db, partner_id: UUID) -> User:
    """Somebody who never was, in the world of this test partner; nobody can sign in as them, nothing is sent to them, and no count
    counts them."""
    id = new_id()
    user = await users.register(db, NUMBER.format(id.int % 10**13), id=id)
    assert user.id == id, "nobody else has this number"
    user.is_invented, user.tests_for = True, partner_id
    await db.flush()
    return user
