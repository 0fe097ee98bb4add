"""A person's browser at a partner's website, and the client behind that website."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import httpx2
from sqlalchemy import select

from api.main import app
from domain.credit import scores
from domain.credit.grades import Grade
from domain.people import challenges, partners, redirects, users
from domain.people.challenges import Challenge
from domain.people.partners import Partner, PartnerClient
from domain.sharing.share_requests import ShareRequest
from infra import clock
from infra.database import reading, transaction
from tests.api.people import open_shop, scored
from tests.phones import new_number

CALLBACK = "https://shop.example/back?from=longan"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Website:
    """A partner's website with a client of its own."""

    partner: Partner
    client_id: str
    secret: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def challenge(self) -> str:
        return s256(self.verifier)

    def query(self, **other: str | None) -> str:
        """What it sends people here with; a None leaves out."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "state": "of the shop's",
            "scope": "scores",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return urlencode({name: value for name, value in {**asked, **other}.items() if value is not None})

    def url(self, **other: str | None) -> str:
        return f"/oauth/authorize?{self.query(**other)}"


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def open_website(*uris: str, scopes: list[str] | None = None) -> Website:
    shop = await open_shop()
    async with transaction() as db:
        client_id = f"web-{secrets.token_hex(8)}"
        secret = await partners.issue_client(db, shop.partner, client_id)
        client = await db.get_one(PartnerClient, client_id)
        if scopes is not None:
            client.scopes = scopes
        await redirects.register(db, client, uris or [CALLBACK])
        return Website(shop.partner, client_id, secret)


async def somebody_with(grade: Grade | None) -> tuple[UUID, str]:
    """A person with a score of this grade, and their number."""
    number = new_number()
    async with transaction() as db:
        user = await users.find_or_register(db, number)
        if grade is not None:
            now = await clock.now(db)
            await scores.conclude(db, user.id, await scores.record(db, user.id, scored(grade), now, 1), 1)
        return user.id, number


async def exchange(http: httpx2.AsyncClient, website: Website, given: str, **other: str | None) -> httpx2.Response:
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": given,
        "redirect_uri": CALLBACK,
        "code_verifier": website.verifier,
    }
    return await ask_for_tokens(http, website, {**form, **other})


async def refresh(http: httpx2.AsyncClient, website: Website, token: str, **other: str) -> httpx2.Response:
    return await ask_for_tokens(http, website, {"grant_type": "refresh_token", "refresh_token": token, **other})


async def ask_for_tokens(http: httpx2.AsyncClient, website: Website, form: Mapping[str, str | None]) -> httpx2.Response:
    said = {name: value for name, value in form.items() if value is not None}
    return await http.post("/oauth/token", data=said, auth=(website.client_id, website.secret))


class Visitor:
    """Somebody at a browser, who reads English and follows no redirect unasked."""

    def __init__(self) -> None:
        headers = {"Accept-Language": "en"}
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://house", headers=headers
        )
        self.path = ""

    async def arrive(self, website: Website, **other: str | None) -> httpx2.Response:
        """Come from the website, and see the page."""
        sent = await self.http.get(website.url(**other))
        assert sent.status_code == 303, sent.text
        self.path = sent.headers["location"]
        return await self.look()

    async def look(self) -> httpx2.Response:
        return await self.http.get(self.path)

    async def send(self, step: str, token: str | None = None, **said: str) -> httpx2.Response:
        """Send a form of the page."""
        proof = token if token is not None else token_on(await self.look())
        return await self.http.post(self.path, data={"form_token": proof, "step": step, **said})

    async def sign_in(self, number: str) -> None:
        assert (await self.send("phone", phone=number)).status_code == 303
        assert (await self.send("code", code=await self.code())).status_code == 303

    async def code(self) -> str:
        """As it is sent to the phone."""
        async with reading() as db:
            its = select(Challenge).join(ShareRequest, ShareRequest.challenge_id == Challenge.id)
            here = its.where(ShareRequest.id == UUID(hex=self.path.rpartition("/")[2]))
            return challenges.code_of((await db.execute(here)).scalar_one())

    async def share(self, website: Website, number: str, **other: str | None) -> str:
        """All the way to a code."""
        await self.arrive(website, **other)
        await self.sign_in(number)
        return told(await self.send("answer", answer="yes"))["code"]


def token_on(page: httpx2.Response) -> str:
    found = FORM_TOKEN.search(page.text)
    assert found, page.text
    return found[1]


def told(response: httpx2.Response) -> Mapping[str, str]:
    """What a client is told at its own address."""
    address = response.headers["location"]
    assert response.status_code == 303 and address.startswith("https://shop.example/"), (response.status_code, address)
    return dict(parse_qsl(urlsplit(address).query))


def words_of(response: httpx2.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
