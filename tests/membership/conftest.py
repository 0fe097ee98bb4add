"""Membership's own beginning: the seeded tiers, rules and benefits."""

import pytest

import membership.tasks  # noqa: F401  the reactions that the outbox owes
from infra.database import transaction
from membership import seeding


@pytest.fixture(scope="session", autouse=True)
async def what_the_house_begins_with() -> None:
    async with transaction() as db:
        await seeding.seed(db)
