"""A partner says where it wants to hear of what, once for each intention, and another partner sees nothing of it."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from domain.actors import PartnerActor
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from domain.permissions import Permission, Scope
from infra import clock as house_clock
from infra.database import reading, transaction
from infra.ids import new_id, parse_global_id
from integrations.webhooks import signing
from integrations.webhooks.endpoints import WebhookEndpoint
from integrations.webhooks.signing import WebhookSecret
from tests.api.doors import Client
from tests.api.offering import close
from tests.api.partner import webhooks
from tests.api.partner.webhooks import TYPES, URL, create, delete, listed, names, rotate, update
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.phones import new_key
from tests.statements import statements


async def rows(shop: Shop) -> tuple[int, int]:
    """How many endpoints, deleted ones too, and how many secrets the partner has."""
    mine = select(WebhookEndpoint.id).where(WebhookEndpoint.partner_id == shop.partner.id)
    secrets = select(func.count()).select_from(WebhookSecret).where(WebhookSecret.endpoint_id.in_(mine))
    async with reading() as db:
        return len((await db.execute(mine)).all()), (await db.execute(secrets)).scalar_one()


async def sealed(shop: Shop) -> list[bytes]:
    its = select(WebhookSecret.value).join(WebhookEndpoint, WebhookEndpoint.id == WebhookSecret.endpoint_id)
    async with reading() as db:
        return list((await db.execute(its.where(WebhookEndpoint.partner_id == shop.partner.id))).scalars())


class TestCreating:
    async def test_a_webhook_is_live_and_its_secret_is_shown(self, client: Client, shop: Shop) -> None:
        made = await create(client)
        assert made["__typename"] == "WebhookEndpointCreated"
        assert (made["endpoint"]["url"], sorted(made["endpoint"]["eventTypes"])) == (URL, sorted(TYPES))
        (found,) = await listed(client)
        assert (found["id"], found["status"], found["pausedAt"]) == (made["endpoint"]["id"], "LIVE", None)
        prefix, _, encoded = made["secret"].partition("_")
        assert (prefix, len(encoded)) == ("whsec", 44)
        (kept,) = await sealed(shop)
        assert encoded.encode() not in kept

    async def test_the_secret_is_shown_to_the_same_key_for_a_day(
        self, client: Client, shop: Shop, clock: Clock
    ) -> None:
        key = new_key()
        made = await create(client, key=key)
        await clock.forward(hours=23)
        client = await renewed(client, shop)
        assert await create(client, key=key, types=[*reversed(TYPES), TYPES[0]]) == made
        await clock.forward(hours=1)
        refused = await create(await renewed(client, shop), key=key)
        assert (refused["code"], refused["field"]) == ("NOT_ALLOWED", ["input", "idempotencyKey"])
        assert await rows(shop) == (1, 1)

    async def test_another_address_under_the_same_key_is_refused(self, client: Client, shop: Shop) -> None:
        key = new_key()
        await create(client, key=key)
        assert (await create(client, f"{URL}/2", key=key))["code"] == "IDEMPOTENCY_MISMATCH"
        assert await rows(shop) == (1, 1)

    async def test_a_key_that_made_one_answers_though_the_name_is_lost_since(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = new_key()
        names(monkeypatch, shop_example=["203.0.114.7"])
        made = await create(client, "https://shop.example/x", key=key)
        names(monkeypatch)
        assert await create(client, "https://shop.example/x", key=key) == made

    async def test_ten_are_enough(self, client: Client, shop: Shop) -> None:
        made = [await create(client) for _ in range(10)]
        assert (await create(client))["code"] == "LIMIT_EXCEEDED"
        assert await rows(shop) == (10, 10)
        await delete(client, made[0]["endpoint"]["id"])
        assert (await create(client))["__typename"] == "WebhookEndpointCreated"

    async def test_it_names_what_it_wants_to_hear(self, client: Client, shop: Shop) -> None:
        refused = await create(client, types=[])
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "eventTypes"])
        assert await rows(shop) == (0, 0)


class TestAnAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "http://203.0.114.7/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/latest/meta-data",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[::127.0.0.1]/",
            "https://100.64.1.1/",
        ],
    )
    async def test_that_is_private_or_open_is_refused(self, client: Client, shop: Shop, url: str) -> None:
        refused = await create(client, url)
        assert (refused["code"], refused["field"]) == ("UNSAFE_URL", ["input", "url"])
        made = (await create(client))["endpoint"]
        assert (await update(client, made["id"], url=url))["code"] == "UNSAFE_URL"
        assert [each["url"] for each in await listed(client)] == [URL]
        assert await rows(shop) == (1, 1)

    @pytest.mark.parametrize(
        "url",
        [
            *["", "shop.example", "https:///x", "ftp://203.0.114.7/", "https://u:p@203.0.114.7/", f"{URL}#x"],
            *["https://203.0.114.7:0/", "https://203.0.114.7:65536/", "https://0177.0.0.1/", "https://a\\@b/"],
            *["https://127.0.0.1%2f@x.example/", "https://ex%61mple.com/", "https://①.example/", "https://x y/"],
            *["https://[fe80::1%25eth0]/", f"https://shop.example/{'x' * 2_000}"],
        ],
    )
    async def test_that_is_not_plainly_one_is_invalid(self, client: Client, shop: Shop, url: str) -> None:
        refused = await create(client, url)
        assert (refused["code"], refused["field"]) == ("INVALID", ["input", "url"])
        assert await rows(shop) == (0, 0)

    async def test_one_private_address_of_a_name_is_enough(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names(monkeypatch, good_example=["203.0.114.7"], mixed_example=["203.0.114.7", "10.0.0.1"])
        answers = [await create(client, f"https://{name}.example/") for name in ("good", "mixed", "lost")]
        assert [each.get("code") for each in answers] == [None, "UNSAFE_URL", "INVALID"]

    async def test_of_this_machine_is_taken_where_the_setting_names_host_and_port(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        urls = ["http://127.0.0.1:9999/x", "http://127.0.0.1:9998/x", "http://localhost:9999/x"]
        with webhooks.allowing(monkeypatch, "127.0.0.1:9999"):
            answers = [await create(client, url) for url in urls]
        assert [each.get("code") for each in answers] == [None, "UNSAFE_URL", "UNSAFE_URL"]


class TestChanging:
    async def test_what_is_told_changes_and_the_rest_stays(self, client: Client) -> None:
        id = (await create(client))["endpoint"]["id"]
        paused = await update(client, id, status="PAUSED", eventTypes=["OFFER_ACCEPTED"])
        assert (paused["status"], paused["eventTypes"], paused["url"]) == ("PAUSED", ["OFFER_ACCEPTED"], URL)
        (found,) = await listed(client)
        assert (found["pauseReason"], found["pausedAt"] is None) == ("PARTNER", False)
        moved = await update(client, id, url=f"{URL}/2", status="LIVE")
        assert (moved["status"], moved["url"], moved["eventTypes"]) == ("LIVE", f"{URL}/2", ["OFFER_ACCEPTED"])
        (found,) = await listed(client)
        assert (found["pauseReason"], found["pausedAt"]) == (None, None)

    async def test_pausing_twice_is_pausing_once(self, client: Client) -> None:
        id = (await create(client))["endpoint"]["id"]
        await update(client, id, status="PAUSED")
        before = await listed(client)
        assert (await update(client, id, status="PAUSED"))["status"] == "PAUSED"
        assert await listed(client) == before

    async def test_deleting_forgets_the_secrets_and_may_be_repeated(self, client: Client, shop: Shop) -> None:
        key = new_key()
        id = (await create(client, key=key))["endpoint"]["id"]
        assert [await delete(client, id) for _ in range(2)] == [{"__typename": "WebhookEndpoint", "id": id}] * 2
        assert (await listed(client), await rows(shop)) == ([], (1, 0))
        assert (await update(client, id, status="LIVE"))["code"] == "NOT_FOUND"
        assert (await rotate(client, id))["code"] == "NOT_FOUND"
        assert (await create(client, key=key))["code"] == "NOT_ALLOWED"

    async def test_a_new_secret_signs_beside_the_old_one_for_a_day(
        self, client: Client, shop: Shop, clock: Clock
    ) -> None:
        made, key = await create(client), new_key()
        id = made["endpoint"]["id"]
        new = await rotate(client, id, key)
        assert (await rotate(client, id, key), new["secret"] == made["secret"]) == (new, False)
        assert await living(id) == [new["secret"], made["secret"]]
        newest = await rotate(client, id)
        refused = await rotate(client, id)
        assert (refused["code"], refused["message"]) == (
            "RATE_LIMITED",
            "It was rotated twice within a day. Please wait until the oldest secret has ended.",
        )
        assert await living(id) == [newest["secret"], new["secret"], made["secret"]]
        await clock.forward(hours=24)
        assert await living(id) == [newest["secret"]]


class TestAnotherPartner:
    async def test_finds_none_of_it(self, client: Client, http: httpx2.AsyncClient, shop: Shop) -> None:
        id = (await create(client))["endpoint"]["id"]
        other = await open_shop()
        stranger = Client(http, "partner", other.token)
        refused = [await update(stranger, id, status="PAUSED"), await delete(stranger, id), await rotate(stranger, id)]
        assert [each["code"] for each in refused] == ["NOT_FOUND"] * 3
        assert await listed(stranger) == []
        node = "query ($id: ID!) { node(id: $id) { id } }"
        assert [(await each.ask(node, id=id))["node"] for each in (stranger, client)] == [None, {"id": id}]
        assert [each["status"] for each in await listed(client)] == ["LIVE"]
        assert await rows(shop) == (1, 1)
        await close(other)


async def test_the_list_is_one_statement_however_long(client: Client) -> None:
    for _ in range(3):
        await create(client)
    with statements() as sent:
        assert len(await listed(client)) == 3
    assert [each for each in sent if "webhook" in each] == [each for each in sent if "FROM webhook_endpoints" in each]
    assert sum("webhook" in each for each in sent) == 1


async def living(id: str) -> list[str]:
    parsed = parse_global_id(id)
    assert parsed is not None
    async with reading() as db:
        its = signing.living(await house_clock.now(db)).where(WebhookSecret.endpoint_id == parsed[1])
        return [signing.text_of(each) for each in (await db.execute(its)).scalars()]


async def renewed(client: Client, shop: Shop) -> Client:
    """The same partner's server with a new token: the old one was for a quarter of an hour."""
    async with transaction() as db:
        its = select(PartnerClient).where(PartnerClient.partner_id == shop.partner.id)
        token = await partner_tokens.issue(db, (await db.execute(its)).scalars().one())
    return Client(client.http, client.audience, token)


def test_who_may_answer_applications_may_hear_of_them() -> None:
    actors: dict[Scope, Any] = {scope: PartnerActor(new_id(), "client", frozenset({scope})) for scope in Scope}
    assert [scope for scope, actor in actors.items() if actor.may(Permission.RECEIVE_EVENTS)] == [Scope.APPLICATIONS]
