"""A partner with a shop of its own, and its server."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.doors import Client
from tests.api.offering import close
from tests.api.people import Shop, open_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)


@pytest.fixture
def client(http: httpx2.AsyncClient, shop: Shop) -> Client:
    return Client(http, "partner", shop.token)
