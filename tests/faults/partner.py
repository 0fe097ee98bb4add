"""A partner whose server hears of its applications, and keeps who posts waiting until they were killed."""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field

from tests.api.doors import Client
from tests.faults.machine import Machine
from tests.integrations.webhooks.hooks import OK, Hook, Posted
from tests.patience import until
from tests.visiting import visitor


@dataclass
class Listener:
    hook: Hook
    has_died: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hook.behave = self.answer

    async def answer(self, posted: Posted, writer: asyncio.StreamWriter) -> None:
        await self.has_died.wait()
        writer.write(OK)

    async def is_posted_to(self) -> None:
        await until(lambda: bool(self.hook.posted), "nothing was posted to the partner")

    @property
    def heard(self) -> dict[str, list[str]]:
        """What the server heard of each application, once for each id, in the order of their first coming."""
        first = {posted.id: posted for posted in reversed(self.hook.posted)}
        heard = defaultdict(list)
        for posted in sorted(first.values(), key=self.hook.posted.index):
            heard[posted.told["data"]["applicationId"]].append(posted.told["type"])
        return heard

    @property
    def is_told_the_same_each_time(self) -> bool:
        return len({posted.id for posted in self.hook.posted}) == len({posted.body for posted in self.hook.posted})


async def listen(machine: Machine, hook: Hook) -> Listener:
    """Of everything that happens to the applications of the catalogue's first bank."""
    async with visitor(machine.url) as http:
        await http.get("/")  # which lets the bank in
        bank = json.loads((machine.folder / "dev-credentials.json").read_text())["partner"]
        form = {"grant_type": "client_credentials"}
        token = await http.post("/oauth/token", data=form, auth=(bank["clientId"], bank["clientSecret"]))
        client = Client(http, "partner", token.json()["access_token"])
        types = ["APPLICATION_SUBMITTED", "CONSENT_GRANTED"]
        input = {"url": hook.url, "eventTypes": types, "idempotencyKey": "test-kills"}
        made = (await client.send("CreateWebhookEndpoint", input=input))["createWebhookEndpoint"]
        assert made["__typename"] == "WebhookEndpointCreated", made
    return Listener(hook)
