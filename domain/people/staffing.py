"""Staffing: who may sign in at the console or, for a partner, at `/partner`; new proofs for it, and who leaves."""

from uuid import UUID

from domain.people import staff, staff_sessions, staff_signing_in
from domain.people.partners import Partner
from domain.people.staff import EMAIL, NAME, TOTP, Staff
from domain.permissions import Role
from infra import clock, vault
from infra.database import Db


async def appoint(db: Db, *, email: str, name: str, role: Role, password: str, totp_secret: str) -> Staff:
    """Let somebody in at the console, or give whoever is in new proofs and another place. Slow on purpose (argon2).

    New proofs end every session that was opened with the old ones; tries at the old ones count no more.
    """
    return await _let_in(db, email, name, role, None, password, totp_secret)


async def appoint_at(db: Db, partner: Partner, *, email: str, name: str, password: str, totp_secret: str) -> Staff:
    """Let somebody of a partner's own staff in at its pages; as `appoint` in all else."""
    return await _let_in(db, email, name, None, partner.id, password, totp_secret)


async def _let_in(
    db: Db, email: str, name: str, role: Role | None, partner_id: UUID | None, password: str, totp_secret: str
) -> Staff:
    seal, found = vault.system_seal(), await staff.find_ever(db, email)
    member = found or Staff(
        email_index=staff.index(email),
        email_sealed=seal.close(email, EMAIL),
        name_sealed=b"",
        role=role,
        password_hash="",
        totp_sealed=b"",
        created_at=await clock.now(db),
    )
    member.role, member.partner_id = role, partner_id
    member.name_sealed, member.dismissed_at = seal.close(name, NAME), None
    member.password_hash, member.totp_sealed = staff.hasher.hash(password), seal.close(totp_secret, TOTP)
    db.add(member)
    await db.flush()
    await staff_sessions.end_all(db, member)
    await staff_signing_in.forget_tries(db, email)
    return member


async def dismiss(db: Db, email: str) -> Staff | None:
    """Nobody signs in with these proofs any more, and what is open ends at once. What they did stays under their name."""
    member = await staff.find_ever(db, email)
    if member is None or member.dismissed_at is not None:
        return None
    member.dismissed_at = await clock.now(db)
    await staff_sessions.end_all(db, member)
    return member
