"""Turns: one person at a time applies or is approved, and what is known of them and owed is read when their turn has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.applications import burdens
from domain.applications.burdens import Burden
from domain.facts import accounts, readings
from domain.facts.readings import Reading
from domain.facts.sheets import FactSheet
from domain.people.users import User, UserStatus
from infra import clock, vault
from infra.database import Db
from infra.questions import ask_within
from infra.vault import Seal


@dataclass(frozen=True)
class Turn:
    """A person's turn: nobody else decides for them until the transaction ends. `is_active`: their account is not being closed."""

    is_active: bool
    now: datetime
    has_linked: bool
    burden: Burden
    readings: Sequence[Reading]
    seal: Seal

    def sheet(self, as_of: datetime | None = None) -> FactSheet:
        """What is known of them now, or what was known at `as_of`."""
        return readings.sheet_at(self.readings, self.seal, as_of or self.now)


async def take(db: Db, user_id: UUID) -> Turn:
    """Wait for whoever applies for this person or approves one of their applications; what was written meanwhile counts.

    LookupError where the person was erased.
    """
    user = await db.get_one(User, user_id, with_for_update=True, populate_existing=True)
    theirs = {"keys": [user_id]}
    [(now,)], told, keys, linked, owed = await ask_within(
        db,
        [
            (clock.NOW, {}),
            (readings.ALL, theirs),
            (vault.PERSON_KEYS, theirs),
            (accounts.LINKED_ACCOUNTS, theirs),
            (burdens.OWED_EACH, theirs),
        ],
    )
    clock.freeze(db, now)
    vault.remember(db, [key for (key,) in keys])
    return Turn(
        is_active=user.status == UserStatus.ACTIVE,
        now=now,
        has_linked=bool(linked),
        burden=burdens.of_rows(owed).get(user_id, burdens.NOTHING),
        readings=[reading for (reading,) in told],
        seal=await vault.seal_of(db, user_id),
    )
