"""Membership's own beginning: the seeded tiers, rules and benefits; and two of the staff, of whom one drafts and the other approves."""

from uuid import uuid4

import pytest

import membership.tasks  # noqa: F401  the reactions that the outbox owes
from domain.actors import Role, StaffActor
from domain.people import staff
from domain.people.staff import Staff
from infra import clock, vault
from infra.database import transaction
from membership import seeding


@pytest.fixture(scope="session", autouse=True)
async def what_the_house_begins_with() -> None:
    async with transaction() as db:
        await seeding.seed(db)


async def somebody(role: Role) -> StaffActor:
    async with transaction() as db:
        member = Staff(
            email_index=uuid4().bytes,
            email_sealed=b"",
            name_sealed=vault.system_seal().close("Somebody", staff.NAME),
            role=role,
            password_hash="",
            totp_sealed=b"",
            created_at=await clock.now(db),
        )
        db.add(member)
        await db.flush()
        return StaffActor(member.id, role)


@pytest.fixture
async def author() -> StaffActor:
    return await somebody(Role.MARKETING)


@pytest.fixture
async def approver() -> StaffActor:
    return await somebody(Role.APPROVER)
