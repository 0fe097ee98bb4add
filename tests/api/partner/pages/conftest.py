"""Somebody of a partner's own staff in front of a browser."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx2
import pytest

from api.main import app
from domain.people import staff, staff_sessions
from domain.people.staff import Staff
from infra import clock, vault
from infra.database import transaction
from tests.api.console.pages.conftest import Browser
from tests.api.people import Shop

Look = Callable[[Shop | None], Awaitable[Browser]]


async def member_token(shop: Shop) -> str:
    """The token of somebody new of this partner's staff."""
    async with transaction() as db:
        member = Staff(
            email_index=uuid4().bytes,
            email_sealed=b"",
            name_sealed=vault.system_seal().close("Somebody there", staff.NAME),
            role=None,
            partner_id=shop.partner.id,
            password_hash="nobody knows it",
            totp_sealed=b"",
            created_at=await clock.now(db),
        )
        db.add(member)
        await db.flush()
        return (await staff_sessions.begin(db, member))[0]


@pytest.fixture
async def look() -> AsyncIterator[Look]:
    """A browser of somebody of this partner; None: nobody has signed in."""
    async with AsyncExitStack() as windows:

        async def make(shop: Shop | None) -> Browser:
            transport = httpx2.ASGITransport(app=app)
            cookies = {"longan_partner": await member_token(shop)} if shop else {}
            client = httpx2.AsyncClient(transport=transport, base_url="http://house", cookies=cookies)
            return Browser(await windows.enter_async_context(client))

        yield make
