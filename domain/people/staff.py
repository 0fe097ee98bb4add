"""Staff: who works here, in which role, or at a partner, and the two proofs that open the console or `/partner`."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

import pyotp
from pwdlib import PasswordHash
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, select, update
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import Role
from domain.people import authenticators
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id
from infra.privacy import Erasure, Export, Privacy

EMAIL, NAME, TOTP = "staff.email", "staff.name", "staff.totp_secret"

hasher = PasswordHash.recommended()


class Workplace(StrEnum):
    """Where somebody signs in."""

    HERE = "HERE"
    PARTNER = "PARTNER"


class Staff(Entity):
    """Ours have a `role`; a partner's own have `partner_id` instead, and look on at `/partner`.

    `last_step` is the newest TOTP step that was used: whoever looked over a shoulder cannot use it again.
    """

    __tablename__ = "staff"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.KEPT)

    id: Mapped[Id] = mapped_column(init=False)
    email_index: Mapped[bytes] = mapped_column(unique=True)
    email_sealed: Mapped[bytes]
    name_sealed: Mapped[bytes]
    role: Mapped[Role | None]
    password_hash: Mapped[str]
    totp_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    dismissed_at: Mapped[datetime | None] = mapped_column(default=None)  # their name stays beside what they did
    partner_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("partners.id", ondelete="CASCADE"), index=True, default=None
    )

    __table_args__ = (CheckConstraint("(role IS NULL) = (partner_id IS NOT NULL)", name="one_employer"),)

    @property
    def workplace(self) -> Workplace:
        return Workplace.HERE if self.partner_id is None else Workplace.PARTNER


def index(email: str) -> bytes:
    return vault.blind_index("staff-email", email.strip().casefold())


async def find(db: Db, email: str, at: Workplace = Workplace.HERE) -> Staff | None:
    """Whoever works there under this address."""
    member = await find_ever(db, email)
    return member if member and member.dismissed_at is None and member.workplace is at else None


async def find_ever(db: Db, email: str) -> Staff | None:
    """Whoever works or worked here, or at a partner, under this address."""
    return (await db.execute(select(Staff).where(Staff.email_index == index(email)))).scalar_one_or_none()


def proof_of(member: Staff) -> bytes:
    """Changes with the proofs, so that what was given out for older ones is void."""
    return vault.mac("staff-proof", member.password_hash.encode())


def proven_step(member: Staff | None, password: str, code: str, at: datetime) -> int | None:
    """The TOTP step of `code`, where the password is right too. As slow (argon2) for nobody: call it in a thread."""
    password_hash, totp_sealed = (member.password_hash, member.totp_sealed) if member else _nobody()
    is_right = hasher.verify(password, password_hash)
    step = authenticators.step_of(code, vault.system_seal().open(totp_sealed, TOTP), at)
    return step if member is not None and is_right else None


@cache
def _nobody() -> tuple[str, bytes]:
    return hasher.hash(pyotp.random_base32()), vault.system_seal().close(pyotp.random_base32(), TOTP)


async def use_step(db: Db, member: Staff, step: int) -> bool:
    """Take the step, once; False where it, or a later one, was taken before."""
    taken = update(Staff).where(Staff.id == member.id, Staff.last_step < step).values(last_step=step)
    return (await db.execute(taken.returning(Staff.id))).scalar_one_or_none() is not None


async def names_of(db: Db, ids: set[UUID]) -> dict[UUID, str]:
    """The names, by id, of whoever works or worked here."""
    seal = vault.system_seal()
    members = (await db.execute(select(Staff).where(Staff.id.in_(ids)))).scalars()
    return {member.id: str(seal.open(member.name_sealed, NAME)) for member in members}
