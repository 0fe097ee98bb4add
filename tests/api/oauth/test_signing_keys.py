"""The keys of partners' tokens at the doors, in another process, and by the command line."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from api.cli import app
from domain.people import partner_tokens, signed_tokens, signing_keys
from domain.people.signing_keys import SigningKey
from infra import pruning, tokens
from infra.database import reading, transaction
from tests.api.doors import Client
from tests.api.people import open_shop
from tests.clocks import Clock

KNOWS = "{ __typename }"
ANOTHER_PROCESS = """
import asyncio, sys
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra.database import transaction

async def work(text):
    token = await partner_tokens.find(text)
    assert token is not None and await partner_tokens.find_partner(token) is not None
    async with transaction() as db:
        print(await partner_tokens.issue(db, await db.get_one(PartnerClient, token.client_id)))

asyncio.run(work(sys.stdin.read()))
"""


@pytest.fixture
async def keys_put_back(house: None) -> AsyncIterator[None]:
    """Others of this process go on with one key that signs."""
    yield
    async with transaction() as db:
        await db.execute(delete(SigningKey))
        await signing_keys.begin(db)


class TestAtTheDoor:
    async def test_a_rotation_is_noticed_by_nobody(
        self, http: httpx2.AsyncClient, keys_put_back: None, clock: Clock
    ) -> None:
        async with transaction() as db:
            first, second = (await signing_keys.signing(db)).id, (await signing_keys.rotate(db)).id
        before = await open_shop()
        assert await self._published(http) == [first, second]
        await clock.forward(days=1)
        after = await open_shop()
        assert [self._key_of(shop.token) for shop in (before, after)] == [first, second]
        assert await Client(http, "partner", after.token).ask(KNOWS)
        assert await self._published(http) == [first, second]
        await clock.forward(minutes=59)
        assert await Client(http, "partner", after.token).ask(KNOWS)
        await clock.forward(minutes=1)
        assert await self._published(http) == [second]
        async with transaction() as db:
            await pruning.one_batch(db, "prune_signing_keys")
            assert [key.id for key in await signing_keys.all_of(db)] == [second]

    async def test_a_token_of_a_key_that_others_know_is_over_at_once(
        self, http: httpx2.AsyncClient, keys_put_back: None
    ) -> None:
        shop = await open_shop()
        client = Client(http, "partner", shop.token)
        assert await client.ask(KNOWS)
        async with transaction() as db:
            await signing_keys.repudiate(db, self._key_of(shop.token))
        assert await client.error_code(KNOWS) == (401, "UNAUTHENTICATED")
        assert self._key_of(shop.token) not in await self._published(http)

    async def test_another_process_reads_our_tokens_and_we_read_its(
        self, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop = await open_shop()
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", ANOTHER_PROCESS],
            input=shop.token,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        monkeypatch.setattr(signed_tokens, "_keys", {})  # as in a process that has met no token yet
        tokens._read.clear()
        assert await Client(http, "partner", done.stdout.strip()).ask(KNOWS)

    async def test_no_private_part_is_published(self, http: httpx2.AsyncClient) -> None:
        response = await http.get("/.well-known/jwks.json")
        assert response.headers["content-type"] == "application/jwk-set+json"
        assert response.headers["cache-control"] == "public, max-age=3600"
        (key,) = response.json()["keys"]
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        async with reading() as db:
            row = await db.get_one(SigningKey, key["kid"])
            assert str(signing_keys.private_part(row).as_dict(private=True)["d"]).encode() not in row.wrapped

    async def _published(self, http: httpx2.AsyncClient) -> list[str]:
        return [key["kid"] for key in (await http.get("/.well-known/jwks.json")).json()["keys"]]

    def _key_of(self, token: str) -> str:
        told = partner_tokens.read(token)
        assert told is not None
        return told.key_id


class TestCommand:
    async def run(self, *words: str) -> tuple[int, str]:
        """The command, whose work is done by this test's own loop: its exit code, and what it said."""
        loop, apart = asyncio.get_running_loop(), pytest.MonkeyPatch()
        with apart.context() as patched:
            patched.setattr(asyncio, "run", lambda work: asyncio.run_coroutine_threadsafe(work, loop).result())
            done = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "tokens", *words])
        return done.exit_code, done.output

    async def test_it_rotates_once_refuses_and_ends_what_others_know(self, keys_put_back: None) -> None:
        code, told = await self.run("rotate")
        assert code == 0 and "is published, and signs from" in told
        code, told = await self.run("rotate")
        assert code == 1 and "Not done: key" in told and "is published already" in told
        async with transaction() as db:
            signs = (await signing_keys.signing(db)).id
        code, told = await self.run("retire", signs)
        assert code == 1 and "may be good until" in told
        code, told = await self.run("retire", signs, "--known-to-others")
        assert code == 0 and "every token that it signed is over" in told
        code, told = await self.run("--json")
        assert code == 0 and [key["state"] for key in json.loads(told)["keys"]] == ["signs"]
