"""Where a partner pays money to: opened for it alone, while the money is on its way."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, tuple_

from domain.people import identities, payment_accounts
from domain.people.identities import PersonIdentity
from domain.people.payment_accounts import PaymentAccount, PaymentAccountKind
from infra import vault
from infra.database import Db


@dataclass(frozen=True)
class PayTo:
    kind: PaymentAccountKind
    holder: str = field(repr=False)
    number: str = field(repr=False)


async def of_accounts(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], PayTo]:
    """Addresses by (user, payment account); who was erased is missing."""
    people = {user_id for user_id, _ in keys}
    rows = await db.execute(select(PaymentAccount).where(tuple_(PaymentAccount.user_id, PaymentAccount.id).in_(keys)))
    known = await db.execute(select(PersonIdentity).where(PersonIdentity.user_id.in_(people)))
    by_person = {identity.user_id: identity for identity in known.scalars()}
    seals = await vault.seals_of(db, people)
    found: dict[tuple[UUID, UUID], PayTo] = {}
    for account in rows.scalars():
        seal, identity = seals.get(account.user_id), by_person.get(account.user_id)
        name = identities.opened_name(identity, seal) if identity and seal else None
        if name and seal:
            number = seal.open(account.number_sealed, payment_accounts.NUMBER)
            found[(account.user_id, account.id)] = PayTo(account.kind, name, number)
    return found
