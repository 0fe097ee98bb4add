"""Webhooks as a partner's server makes them, at addresses that are looked up nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.settings import settings
from integrations import client as client_module
from integrations.client import NotResolved
from tests.api.doors import Client
from tests.phones import new_key

URL = "https://203.0.114.7/hooks"  # public, and a number: nothing is asked of any name server
TYPES = ["APPLICATION_SUBMITTED", "APPLICATION_DECIDED"]


async def create(client: Client, url: str = URL, types: list[str] | None = None, key: str | None = None) -> Any:
    input = {"url": url, "eventTypes": TYPES if types is None else types, "idempotencyKey": key or new_key()}
    return (await client.send("CreateWebhookEndpoint", input=input))["createWebhookEndpoint"]


async def rotate(client: Client, id: str, key: str | None = None) -> Any:
    input = {"webhookEndpointId": id, "idempotencyKey": key or new_key()}
    return (await client.send("RotateWebhookSecret", input=input))["rotateWebhookSecret"]


async def update(client: Client, id: str, **changes: Any) -> Any:
    input = {"webhookEndpointId": id, **changes}
    return (await client.send("UpdateWebhookEndpoint", input=input))["updateWebhookEndpoint"]


async def delete(client: Client, id: str) -> Any:
    return (await client.send("DeleteWebhookEndpoint", input={"webhookEndpointId": id}))["deleteWebhookEndpoint"]


async def listed(client: Client) -> Any:
    fields = "id url eventTypes status createdAt pausedAt pauseReason failingSince retryAt"
    return (await client.ask(f"{{ webhookEndpoints {{ {fields} }} }}"))["webhookEndpoints"]


@contextmanager
def allowing(monkeypatch: pytest.MonkeyPatch, *authorities: str) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(settings(), "webhook_allow", [*authorities])
        yield


def names(monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> None:
    """Let these hosts, with `_` for `.`, have these addresses, and no other any."""
    known = {host.replace("_", "."): found for host, found in addresses.items()}

    async def resolve(host: str, port: int) -> list[str]:
        if host not in known:
            raise NotResolved("the name was not found")
        return known[host]

    monkeypatch.setattr(client_module, "_resolve", resolve)
