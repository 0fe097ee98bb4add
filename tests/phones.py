"""A person with a phone: signs up, links accounts and applies through the app's door, over HTTP."""

import itertools
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx2

from domain.people import challenges
from domain.people.challenges import Challenge
from infra.database import reading
from infra.ids import parse_global_id
from tests.working import work_off

Answer = dict[str, Any]
REDIRECT = "longan://linked"
_numbers = itertools.count(random.randrange(10**7))


def new_number() -> str:
    """A Chinese mobile number that no other test has."""
    return f"+861{random.choice('38')}{random.randrange(10)}{next(_numbers) % 10**8:08}"


def new_key() -> str:
    return uuid4().hex


def uuid_of(global_id: str) -> UUID:
    parsed = parse_global_id(global_id)
    assert parsed is not None, f"{global_id} is no id of ours"
    return parsed[1]


async def code_for(challenge_id: str) -> str:
    """The code as it is sent to the phone."""
    async with reading() as db:
        return challenges.code_of(await db.get_one(Challenge, uuid_of(challenge_id)))


class Phone:
    def __init__(self, http: httpx2.AsyncClient, number: str | None = None) -> None:
        self.http = http
        self.number = number or new_number()
        self.session: Answer = {}
        self.signed_in_at = 0.0  # by the machine's own clock, which no test moves

    @property
    def token(self) -> str | None:
        return self.session.get("accessToken")

    @property
    def user_id(self) -> UUID:
        return uuid_of(self.session["viewer"]["id"])

    async def post(self, query: str, variables: Answer | None = None, **headers: str) -> httpx2.Response:
        told = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        body = {"query": query, "variables": variables or {}}
        return await self.http.post("/graphql", json=body, headers=told | headers)

    async def ask(self, query: str, **variables: Any) -> Answer:
        """The data; no errors are expected."""
        answer = (await self.post(query, variables)).json()
        assert "errors" not in answer, answer["errors"]
        data: Answer = answer["data"]
        return data

    async def send(self, operation: str, **variables: Any) -> Any:
        """What the contract's document brings; the one root field of a mutation alone."""
        from tests.api.doors import operations

        data = await self.ask(operations("app")[operation], **variables)
        return next(iter(data.values()))

    async def do(self, operation: str, **input: Any) -> Answer:
        """A mutation of the contract, by its input."""
        answer: Answer = await self.send(operation, input=input)
        return answer

    async def error(self, query: str, **variables: Any) -> tuple[int, str]:
        """The status and the code of the one error that is expected."""
        response = await self.post(query, variables)
        (error,) = response.json()["errors"]
        return response.status_code, error["extensions"]["code"]

    async def ask_for_code(self) -> str:
        """The challenge's id."""
        challenge = await self.do("RequestPhoneCode", phone=self.number)
        assert challenge["__typename"] == "Challenge", challenge
        return str(challenge["id"])

    async def answer(self, challenge_id: str, code: str | None = None, key: str | None = None) -> Answer:
        return await self.do(
            "SignIn",
            challengeId=challenge_id,
            code=code if code is not None else await code_for(challenge_id),
            deviceName="a test's phone",
            idempotencyKey=key or new_key(),
        )

    async def sign_in(self) -> Answer:
        session = await self.answer(await self.ask_for_code())
        assert session["__typename"] == "Session", session
        self.session, self.signed_in_at = session, time.monotonic()
        return session

    async def renew(self) -> None:
        """New tokens, as an app asks for when the old ones are over."""
        token = self.session["refreshToken"]
        self.session |= await self.do("RefreshSession", refreshToken=token, idempotencyKey=new_key())

    async def tell(self, **profile: Any) -> Answer:
        return await self.do("UpdateProfile", **profile)

    async def callback_from(self, provider: str, persona: str = "steady-shopper", **more: str) -> str:
        """Begin a link, go to the provider as this persona, and come back with its address."""
        started = await self.do("StartAccountLink", provider=provider, redirectUri=REDIRECT)
        assert started["__typename"] == "AccountLinkRequest", started
        url = httpx2.URL(started["authorizationUrl"]).copy_merge_params({"persona": persona, **more})
        return str((await self.http.get(url)).headers["location"])

    async def link(self, provider: str, persona: str = "steady-shopper", **more: str) -> Answer:
        callback = await self.callback_from(provider, persona, **more)
        linked = await self.do("CompleteAccountLink", callbackUrl=callback)
        assert linked["__typename"] == "LinkedAccount", linked
        return linked

    async def settle(self) -> list[str]:
        """Let the worker do what it owes this person."""
        return await work_off(self.user_id)


NewPhone = Callable[[], Awaitable[Phone]]
