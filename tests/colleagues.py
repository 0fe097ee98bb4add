"""Somebody of the staff in each role, whom all tests share: for what is written under the name of whoever did it."""

from sqlalchemy import update

from domain.actors import Role, StaffActor
from domain.people import staff
from domain.people.staff import Staff
from infra import clock, vault
from infra.database import transaction
from infra.ids import new_id

COLLEAGUES = {role: StaffActor(new_id(), role) for role in Role}


async def come_to_work() -> None:
    """Write them down, once a database. None of them can sign in."""
    async with transaction() as db:
        for role, actor in COLLEAGUES.items():
            member = Staff(
                email_index=actor.staff_id.bytes,
                email_sealed=b"",
                name_sealed=vault.system_seal().close("A colleague", staff.NAME),
                role=role,
                password_hash="",
                totp_sealed=b"",
                created_at=await clock.now(db),
            )
            member.id = actor.staff_id
            db.add(member)


async def let_codes_pass() -> None:
    """As if half a minute had passed since somebody's code was used: the next one is another."""
    async with transaction() as db:
        await db.execute(update(Staff).values(last_step=0))
