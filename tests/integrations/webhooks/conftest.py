"""A shop whose webhooks alone are live, and a server of its own that may be called."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text, update

from infra.database import transaction
from infra.settings import settings
from integrations.webhooks.endpoints import WebhookEndpoint
from tests.api.offering import close
from tests.api.people import Shop, open_shop
from tests.integrations.webhooks.hooks import Hook, hook


@pytest.fixture(autouse=True)
async def nothing_else_is_sent() -> AsyncIterator[None]:
    """Neither what other tests left waiting, nor what this one leaves."""
    await _end_all()
    yield
    await _end_all()


async def _end_all() -> None:
    async with transaction() as db:
        gone = {"deleted_at": text("longan_now()")}
        await db.execute(update(WebhookEndpoint).where(WebhookEndpoint.deleted_at.is_(None)).values(**gone))


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = await open_shop()
    yield shop
    await close(shop)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hook]:
    async with hook() as server:
        monkeypatch.setattr(settings(), "webhook_allow", [server.authority])
        yield server
