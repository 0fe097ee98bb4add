"""People who do not give up: they send again, with the same key, until they are answered."""

import asyncio
from dataclasses import dataclass, field

import httpx2

from tests.api.doors import operations
from tests.patience import SECONDS_MAX
from tests.phones import Answer, new_key, new_number


@dataclass
class Patient:
    """What was answered stands in `accepted`, by key."""

    http: httpx2.AsyncClient
    number: str = field(default_factory=new_number)
    token: str | None = None
    accepted: dict[str, Answer] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)

    async def send(self, operation: str, **variables: object) -> Answer:
        """The answer, however often the house dies meanwhile."""
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        body = {"query": operations("app")[operation], "variables": variables}
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                try:
                    response = await self.http.post("/graphql", json=body, headers=headers)
                    answer = response.json()
                    if "errors" not in answer:
                        data: Answer = next(iter(answer["data"].values()))
                        return data
                except (httpx2.HTTPError, ValueError):
                    pass
                await asyncio.sleep(0.1)

    async def begin(self) -> None:
        """Sign in, and link an account."""
        asked = await self.send("RequestPhoneCode", input={"phone": self.number})
        input = {"challengeId": asked["id"], "code": await self.code(), "deviceName": "x", "idempotencyKey": new_key()}
        self.token = (await self.send("SignIn", input=input))["accessToken"]
        await self.link()

    async def code(self) -> str:
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                if kept := (await self.http.get("/dev/messages", params={"to": self.number})).json():
                    return str(kept[0]["code"])
                await asyncio.sleep(0.1)

    async def code_of(self, challenge_id: str) -> str:
        """The code of this challenge, though others were sent before."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                kept = (await self.http.get("/dev/messages", params={"to": self.number})).json()
                if codes := [message["code"] for message in kept if message["challengeId"] == challenge_id]:
                    return str(codes[0])
                await asyncio.sleep(0.1)

    async def link(self) -> None:
        await self.send("UpdateProfile", input={"birthDate": "1990-01-01"})
        started = await self.send("StartAccountLink", input={"provider": "oidc", "redirectUri": "longan://linked"})
        url = httpx2.URL(started["authorizationUrl"]).copy_merge_params({"persona": "steady-shopper"})
        callback = (await self.http.get(url)).headers["location"]
        linked = await self.send("CompleteAccountLink", input={"callbackUrl": callback})
        assert linked["__typename"] == "LinkedAccount", linked

    async def apply(self, wish: Answer) -> Answer:
        answer = await self.send("Apply", input=wish)
        assert answer["__typename"] == "Application", answer
        self.accepted[wish["idempotencyKey"]] = answer
        self.products[wish["idempotencyKey"]] = wish["productId"]
        return answer

    def of(self, product_id: str) -> list[Answer]:
        """What was accepted of this product."""
        return [answer for key, answer in self.accepted.items() if self.products[key] == product_id]
