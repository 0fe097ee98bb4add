"""Listening: a webhook that nothing is posted to, whose deliveries are fetched, signed by its secret and posted here."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import typer

from infra import private_files
from infra.settings import settings
from integrations.webhooks import signing
from integrations.webhooks.event_types import EventType

PAGE, PAUSE_SECONDS, TIMEOUT_SECONDS = 100, 1.0, 10.0
# Deliveries are listed by when they were begun to be written, which no transaction takes longer to end.
OVERLAP = timedelta(minutes=10)
FETCH = """query Waiting($id: ID!, $first: Int!, $after: String) {
  webhookDeliveries(webhookEndpointId: $id, first: $first, after: $after) {
    nodes { id eventId eventType createdAt body } pageInfo { hasNextPage endCursor }
  }
}"""
CREATE = """mutation Listen($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) {
    ... on WebhookEndpointCreated { endpoint { id } secret } ... on Refusal { message }
  }
}"""
MINE = "{ webhookEndpoints { id } }"


class CannotListen(Exception):
    """Why, in a sentence."""


@dataclass
class AtHouse:
    """A Longan, asked as one client."""

    address: str
    client_id: str
    client_secret: str = field(repr=False)
    token: str = field(default="", repr=False)

    async def ask(self, http: httpx2.AsyncClient, query: str, **variables: Any) -> Any:
        """The data of an answer; with a new token where there is none yet, or it is over."""
        if not self.token:
            await self._sign_in(http)
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self.token}"}
            body = {"query": query, "variables": variables}
            answer = await http.post(f"{self.address}/partner/graphql", json=body, headers=headers)
            if answer.status_code != httpx2.codes.UNAUTHORIZED:
                break
            await self._sign_in(http)
        told = self._read(answer)
        if errors := told.get("errors"):
            raise CannotListen(errors[0]["message"])
        return told["data"]

    async def _sign_in(self, http: httpx2.AsyncClient) -> None:
        form = {"grant_type": "client_credentials"}
        answer = await http.post(f"{self.address}/oauth/token", data=form, auth=(self.client_id, self.client_secret))
        told = self._read(answer)
        if answer.status_code == httpx2.codes.UNAUTHORIZED:
            raise CannotListen(f"{self.address} does not know this client, or its secret is wrong.")
        if "access_token" not in told:
            raise CannotListen(f"{self.address} gives no token: {told.get('error_description') or told.get('error')}.")
        self.token = told["access_token"]

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        """A proxy's page, or another program's, is no answer of a Longan."""
        try:
            told = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict):
            raise CannotListen(
                f"What answers at {self.address} is no Longan, or none that works: {answer.status_code}."
            )
        return told


@dataclass
class ListenerPlace:
    """How far somebody has listened, kept in a file of their own: the webhook, its secret, and when the deliveries that they had
    lately were written, by id."""

    file: Path
    endpoint_id: str
    secret: str = field(repr=False)
    had: dict[str, datetime] = field(default_factory=dict)

    @property
    def begins_at(self) -> datetime:
        """From when deliveries may not be had yet."""
        return max(self.had.values()) - OVERLAP if self.had else datetime.min.replace(tzinfo=UTC)

    def note(self, delivery: Mapping[str, Any]) -> None:
        self.had[delivery["id"]] = datetime.fromisoformat(delivery["createdAt"])
        begins_at = self.begins_at
        self.had = {id: at for id, at in self.had.items() if at >= begins_at}
        self.keep()

    def keep(self) -> None:
        told = {"endpointId": self.endpoint_id, "secret": self.secret, "had": self.had}
        private_files.write(self.file, orjson.dumps(told))


async def listen_on(house: AtHouse, to: str, *, once: bool = False) -> None:
    """Bring what happens until somebody ends it; or what waits, once. Raises CannotListen."""
    async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        try:
            place = await _place(http, house)
            typer.echo(f"listening  {place.secret}")
            while True:
                await bring(http, house, place, to)
                if once:
                    return
                await asyncio.sleep(PAUSE_SECONDS)
        except httpx2.TransportError as error:
            raise CannotListen(f"{house.address} does not answer: {error}") from None


async def _place(http: httpx2.AsyncClient, house: AtHouse) -> ListenerPlace:
    """Where this client listened before, as long as its webhook is there; else a new one."""
    mark = hashlib.sha256(orjson.dumps([house.address, house.client_id])).hexdigest()
    file = settings().var.resolve() / "listening" / f"{mark}.json"
    if file.exists():
        kept = orjson.loads(file.read_bytes())
        if "had" in kept and {"id": kept["endpointId"]} in (await house.ask(http, MINE))["webhookEndpoints"]:
            had = {id: datetime.fromisoformat(at) for id, at in kept["had"].items()}
            return ListenerPlace(file, kept["endpointId"], kept["secret"], had)
    key = secrets.token_hex(8)
    input = {"url": f"listen:{key}", "eventTypes": [each.name for each in EventType], "idempotencyKey": key}
    made = (await house.ask(http, CREATE, input=input))["createWebhookEndpoint"]
    if "message" in made:
        raise CannotListen(made["message"])
    place = ListenerPlace(file, made["endpoint"]["id"], made["secret"])
    place.keep()
    return place


async def bring(http: httpx2.AsyncClient, house: AtHouse, place: ListenerPlace, to: str) -> int:
    """Post what was not had yet, the oldest first; how many there were. What nobody takes there is not brought again."""
    waiting = await _waiting(http, house, place)
    for delivery in reversed(waiting):
        body = delivery["body"].encode()
        try:
            answer = str(
                (await http.post(to, content=body, headers=_headers(place, delivery["eventId"], body))).status_code
            )
        except httpx2.TransportError:
            answer = "nobody answers"
        typer.echo(f"{EventType[delivery['eventType']]}  {delivery['eventId']}  {answer}")
        place.note(delivery)
    return len(waiting)


async def _waiting(http: httpx2.AsyncClient, house: AtHouse, place: ListenerPlace) -> list[Any]:
    """Those that were not had yet, the newest first."""
    found: list[Any] = []
    after, begins_at = None, place.begins_at
    while True:
        told = (await house.ask(http, FETCH, id=place.endpoint_id, first=PAGE, after=after))["webhookDeliveries"]
        lately = [each for each in told["nodes"] if datetime.fromisoformat(each["createdAt"]) >= begins_at]
        found += [each for each in lately if each["id"] not in place.had]
        if len(lately) < len(told["nodes"]) or not told["pageInfo"]["hasNextPage"]:
            return found
        after = told["pageInfo"]["endCursor"]


def _headers(place: ListenerPlace, event_id: str, body: bytes) -> Mapping[str, str]:
    now, key = int(time.time()), base64.b64decode(place.secret.removeprefix("whsec_"))
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signing.signature([key], event_id, now, body),
    }
