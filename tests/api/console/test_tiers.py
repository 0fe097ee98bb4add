"""The tiers, as every role at the console sees them."""

import httpx2
import pytest

from domain.actors import Role
from tests.api.doors import Client
from tests.api.people import staff_token


@pytest.mark.parametrize("role", list(Role))
async def test_every_role_sees_the_tiers_lowest_first(http: httpx2.AsyncClient, role: Role) -> None:
    tiers = (await Client(http, "console", await staff_token(role)).send("Tiers"))["tiers"]
    assert [tier["rank"] for tier in tiers] == list(range(1, len(tiers) + 1))
    assert all(tier["members"] >= 0 and tier["name"] for tier in tiers)


async def test_the_benefits_cover_all_segments(http: httpx2.AsyncClient) -> None:
    tiers = (await Client(http, "console", await staff_token(Role.MARKETING)).send("Tiers"))["tiers"]
    segments = {benefit["segment"] for tier in tiers for benefit in tier["benefits"]}
    assert segments == {"HOSPITALITY", "TRANSPORT", "SHOPPING", "ENTERTAINMENT", "HOME", "FINANCE"}
