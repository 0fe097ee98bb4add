"""The sandbox over real HTTP, and a person who goes there and comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module

import httpx2
import pytest

from api.dev import sandbox
from integrations.client import outgoing
from integrations.providers import keysets, oidc
from integrations.providers.descriptions import Registration
from integrations.providers.flow import Identity, Started, begin, finish
from integrations.registrations import PROVIDERS, sandboxed
from integrations.sandbox.personas import History
from integrations.sandbox.sealing import SandboxSeal
from integrations.sandbox.world import SandboxWorld
from tests.integrations.serving import served

REDIRECT = "longan://linked"
NAMELESS = ("wechat_mini",)  # WeChat tells its mini programs no names


def history(key: str) -> History:
    """What the stand-in of this provider tells."""
    told: History = import_module(f"integrations.sandbox.{key}").HISTORY
    return told


@dataclass(frozen=True)
class Kept:
    """What the domain keeps between start and completion."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str = REDIRECT


class NeverCameBack(AssertionError):
    """The provider's own page did not send the person back."""


@dataclass(frozen=True)
class Desk:
    """A sandbox, and a person at it."""

    url: str

    def at(self, key: str) -> Registration:
        return sandboxed(PROVIDERS[key], self.url)

    async def open(self, started: Started, **more: str) -> httpx2.Response:
        async with outgoing(allow=[self.url.removeprefix("http://")]) as client:
            return await client.get(httpx2.URL(started.authorization_url).copy_merge_params(more))

    async def come_back(self, key: str, **more: str) -> tuple[str, Kept]:
        """The address to which the provider sends the person, and what was kept for it."""
        started = await begin(self.at(key), REDIRECT)
        answer = await self.open(started, **{"persona": "steady-shopper", **more})
        if answer.status_code != 302:
            raise NeverCameBack(answer.status_code)
        return answer.headers["location"], Kept(started.state, started.nonce, started.verifier)

    async def link(self, key: str, **more: str) -> Identity:
        return await finish(self.at(key), *await self.come_back(key, **more))


@pytest.fixture(autouse=True)
def forget_kept_answers() -> None:
    """The next server may get the port of an earlier one, whose discovery and keys were kept."""
    forget()


def forget() -> None:
    oidc._discovered._entries.clear()
    keysets._keys._entries.clear()


@pytest.fixture(scope="session")
async def desk() -> AsyncIterator[Desk]:
    """A sandbox of these tests' own, beside the one that the whole web app mounts."""
    worlds: list[SandboxWorld] = []
    async with served(sandbox.mounted(lambda: worlds[0])) as url:
        worlds.append(SandboxWorld(f"{url}/sandbox", SandboxSeal(b"k" * 32)))
        yield Desk(url)
