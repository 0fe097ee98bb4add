"""Budgets: each of a partner's clients has its own, waits its time where it asks a lot at once, and takes nothing of others'."""

import httpx2
import pytest

from api.graphql import budgets
from domain.people import partner_tokens
from domain.people.partners import PartnerClient
from infra import clock
from infra.database import transaction
from infra.ids import new_id
from infra.limiter import Bursts, Tabs
from infra.setting_parts import Rate
from infra.settings import settings
from tests.api.doors import Client
from tests.api.people import Shop, open_shop

PAGE = "products(first: 100) { nodes { id sku } }"
COST = 301


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(budgets, "REFUSED_SECONDS", 0)
    return monkeypatch


def limit(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    for name, most in limits.items():
        monkeypatch.setattr(settings().request_limits, f"client_{name}", most)


async def another_client(shop: Shop, http: httpx2.AsyncClient) -> Client:
    async with transaction() as db:
        client = PartnerClient(
            client_id=f"client-{new_id()}",
            partner_id=shop.partner.id,
            secret_hash="nobody knows it",
            created_at=await clock.now(db),
        )
        db.add(client)
        await db.flush()
        return Client(http, "partner", await partner_tokens.issue(db, client))


async def statuses(client: Client, query: str, times: int) -> list[int]:
    return [(await client.post(query)).status_code for _ in range(times)]


async def test_each_answer_tells_what_it_cost_and_what_it_may(http: httpx2.AsyncClient) -> None:
    client = Client(http, "partner", (await open_shop()).token)
    told = (await client.post(f"{{ {PAGE} }}")).json()["extensions"]["cost"]
    assert told == {"requested": COST, "limit": 20_000, "perMinute": 600_000}


async def test_who_is_over_their_budget_is_refused_and_their_partners_other_client_is_not(
    http: httpx2.AsyncClient, limits: pytest.MonkeyPatch
) -> None:
    shop = await open_shop()
    client, other = Client(http, "partner", shop.token), await another_client(shop, http)
    limit(limits, cost_per_minute=1_000, cost_per_burst=1_000_000)
    assert await statuses(client, f"{{ {PAGE} }}", 5) == [200, 200, 200, 429, 429]
    assert (await client.post(f"{{ {PAGE} }}")).headers["Retry-After"] == "10"
    assert await statuses(other, f"{{ {PAGE} }}", 1) == [200]


async def test_who_asks_too_often_is_refused_however_little_it_is(
    http: httpx2.AsyncClient, limits: pytest.MonkeyPatch
) -> None:
    client, other = [Client(http, "partner", (await open_shop()).token) for _ in range(2)]
    limit(limits, requests_per_minute=4)
    assert await statuses(client, "{ __typename }", 6) == [200] * 4 + [429] * 2
    assert await statuses(other, "{ __typename }", 1) == [200]


class Watched(Bursts):
    """Tells how long somebody would wait, and lets them go on at once."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: dict[str, list[float]] = {}

    def delay(self, name: str, cost: float, *, at_once: float, per_second: float) -> float:
        self.delays.setdefault(name, []).append(super().delay(name, cost, at_once=at_once, per_second=per_second))
        return 0.0


async def test_what_is_more_than_a_burst_waits_its_time_and_nobody_waits_with_it(
    http: httpx2.AsyncClient, limits: pytest.MonkeyPatch
) -> None:
    """At 60 a minute, a page takes five minutes of its client's time; a new document is read before, which costs too."""
    client, other = [Client(http, "partner", (await open_shop()).token) for _ in range(2)]
    limit(limits, cost_per_minute=60, cost_per_burst=1_000, requests_per_minute=1_000)
    limits.setattr(budgets, "_tabs", Free())
    watched = Watched()
    limits.setattr(budgets, "_bursts", watched)
    assert await statuses(client, f"{{ {PAGE} }}", 5) == [200] * 5
    assert await statuses(other, f"{{ {PAGE} }}", 1) == [200]
    mine, others = watched.delays.values()
    waits = [round(delay / COST, 1) for delay in mine[-5:]]
    assert waits[:3] == [0.0, 0.0, 0.0] and 0 < waits[3] < waits[4] and 0.8 < waits[4] - waits[3] < 1.1
    assert set(others) == {0.0}


class Free(Tabs):
    async def is_over(self, rate: Rate, *key: str, cost: int = 1) -> bool:
        return False
