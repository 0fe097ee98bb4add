"""Staff in front of a browser: cookies, forms, and the words on the page."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from html import unescape

import httpx2
import pytest

from api.main import app
from domain.actors import Role
from tests.api.people import staff_token

FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Browser:
    """Keeps cookies, follows no redirect by itself, and reads English."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http
        self.headers = {"Accept-Language": "en"}

    async def open(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers={**self.headers, **headers})

    async def text(self, path: str) -> str:
        """What a person reads there."""
        response = await self.open(path)
        assert response.status_code == 200
        return words_of(response)

    async def form_token(self, path: str = "/console") -> str:
        found = FORM_TOKEN.search((await self.open(path)).text)
        assert found, "there is a form on every page"
        return found[1]

    async def send(
        self, path: str, said: Mapping[str, str] | None = None, *, token: str | None = None, htmx: bool = False
    ) -> httpx2.Response:
        """Send a form, with the token of this visit unless another is given."""
        fields = {"form_token": await self.form_token() if token is None else token, **(said or {})}
        headers = {**self.headers, **({"HX-Request": "true"} if htmx else {})}
        return await self.http.post(path, data=fields, headers=headers)


def words_of(response: httpx2.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


NewBrowser = Callable[[Role | None], Awaitable[Browser]]


@pytest.fixture
async def browser_of() -> AsyncIterator[NewBrowser]:
    """A browser of somebody with this role; None: nobody has signed in."""
    async with AsyncExitStack() as windows:

        async def make(role: Role | None) -> Browser:
            transport = httpx2.ASGITransport(app=app)
            cookies = {"longan_console": await staff_token(role)} if role else {}
            client = httpx2.AsyncClient(transport=transport, base_url="http://house", cookies=cookies)
            return Browser(await windows.enter_async_context(client))

        yield make
