"""Two of the staff, of whom one drafts and the other approves."""

import pytest

from domain.actors import Role, StaffActor
from tests.membership.changing.conftest import somebody


@pytest.fixture
async def author() -> StaffActor:
    return await somebody(Role.MARKETING)


@pytest.fixture
async def approver() -> StaffActor:
    return await somebody(Role.APPROVER)
