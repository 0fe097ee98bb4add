"""Never stale: two processes that keep answers, whatever changes, tell what one without any memory tells."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random

import httpx2
import orjson
import pytest

from api import main
from api.graphql.kept import answers
from api.graphql.kept.keeping import Keeping
from domain.credit.scoring import scorer
from domain.matching import lists
from domain.matching.matcher import matcher
from infra import reference
from infra.settings import settings
from tests.api.doors import operations
from tests.api.graphql.kept.changing import CHANGES, use_benefit
from tests.clocks import Clock
from tests.phones import Phone
from tests.restoring import as_they_were
from tests.statements import statements

CHANGES_SEEN = int(os.environ.get("LONGAN_STALENESS", "12"))
SEEDED = (
    "products",
    "partners",
    "tiers",
    "tier_rules_versions",
    "tier_rules",
    "benefits",
    "band_records",
    "product_days",
)
HOME = operations("app")["Home"]
# As Home, and what else a person opens at once.
SHORT = """{ viewer {
  profile { birthDate region occupation } membership { tier { name } benefits { remaining } }
  unreadNotices notices(first: 2) { nodes { title body readAt } } contactPreferences { quietFrom timeZone }
} }"""


class House:
    """The web app as one process has it."""

    def __init__(self, http: httpx2.AsyncClient, keeping: Keeping) -> None:
        self.http, self.keeping = http, keeping

    async def answer(self, person: Phone, query: str) -> httpx2.Response:
        told = {"Accept-Language": "en", "Authorization": f"Bearer {person.token}"}
        return await self.http.post("/graphql", json={"query": query}, headers=told)

    async def data(self, person: Phone, query: str = HOME) -> bytes:
        response = await self.answer(person, query)
        assert response.status_code == 200 and b'"errors"' not in response.content, response.text
        return orjson.dumps(orjson.loads(response.content)["data"])

    async def data_anew(self, person: Phone, query: str = HOME) -> bytes:
        """From nothing but the database."""
        lists.forget()
        reference.forget()
        self.keeping.answers.clear()
        return await self.data(person, query)


async def make_house(open_clients: AsyncExitStack) -> House:
    app = main.make_app()
    keeping = next(door for route in app.routes if isinstance(door := getattr(route, "app", None), Keeping))
    http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=settings().public_url, timeout=60)
    return House(await open_clients.enter_async_context(http), keeping)


@pytest.fixture
async def houses(longan: None) -> AsyncIterator[tuple[House, House, House]]:
    """Two that keep answers, and one that forgets them."""
    async with AsyncExitStack() as clients:
        yield await make_house(clients), await make_house(clients), await make_house(clients)


async def test_whatever_changes_both_tell_what_is(
    houses: tuple[House, House, House], shopper: Phone, clock: Clock
) -> None:
    one, other, anew = houses
    lot = Random(20_261_128)
    async with as_they_were(*SEEDED):
        for number in range(CHANGES_SEEN):
            change = lot.choice(CHANGES)
            await change(shopper, lot)
            if (await one.answer(shopper, HOME)).status_code == 401:
                await shopper.renew()
            for query in (HOME, SHORT):
                told = [await house.data(shopper, query) for house in (one, other, one, other)]
                right = await anew.data_anew(shopper, query)
                assert told == [right] * 4, (number, change)


async def test_home_is_kept(houses: tuple[House, House, House], regular: Phone) -> None:
    """It reads no table but those that raise a revision, and tells when it ends."""
    one, _, _ = houses
    first = await one.answer(regular, HOME)
    assert len(one.keeping.answers) == 1
    ((kept, size),) = one.keeping.answers._kept.values()
    assert kept.body == first.content and kept.until is not None and kept.until > kept.made_at
    assert one.keeping.answers.bytes == size > len(first.content)
    again = await one.answer(regular, HOME)
    assert again.content == first.content
    assert {**again.headers, "x-request-id": ""} == {**first.headers, "x-request-id": ""}
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


async def test_home_takes_one_statement_where_nothing_changed_and_three_where_something_did(
    houses: tuple[House, House, House], shopper: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, _ = houses
    monkeypatch.setattr(settings(), "model_heartbeat_seconds", 3_600.0)
    for model in (scorer(), matcher()):
        model._live._look_at = 0.0  # type: ignore[union-attr]
    await one.data(shopper)
    with statements() as same:
        await one.data(shopper)
    await use_benefit(shopper, Random(1))
    with statements() as changed:
        await one.data(shopper)
    assert (len(same), len(changed)) == (1, 3), changed


async def test_what_is_not_accounted_for_is_not_kept(houses: tuple[House, House, House], regular: Phone) -> None:
    one, _, _ = houses
    for query in (
        "{ viewer { linkedAccounts { ifUnlinked { points } } } }",
        "{ viewer { id } nothing }",
        "mutation { openMatches(input: {productIds: []}) { __typename } }",
    ):
        await one.answer(regular, query)
        assert len(one.keeping.answers) == 0, query


async def test_nobody_gets_what_is_somebody_elses(
    houses: tuple[House, House, House], regular: Phone, member: Phone
) -> None:
    one, _, _ = houses
    first, other = await one.data(regular), await one.data(member)
    assert first != other
    assert (await one.data(regular), await one.data(member)) == (first, other)


@pytest.mark.parametrize("ends", ["signed out", "too old"])
async def test_whoever_is_signed_out_is_told_so_and_gets_nothing_that_was_kept(
    houses: tuple[House, House, House], member: Phone, clock: Clock, ends: str
) -> None:
    one, other, _ = houses
    assert await one.data(member) == await one.data(member)
    if ends == "signed out":
        elsewhere = Phone(other.http, member.number)
        elsewhere.session = member.session
        await elsewhere.send("SignOut")
    else:
        await clock.forward(minutes=settings().access_minutes)
    answered = await one.answer(member, HOME)
    code = orjson.loads(answered.content)["errors"][0]["extensions"]["code"]
    assert (answered.status_code, code) == (401, "SESSION_ENDED" if ends == "signed out" else "UNAUTHENTICATED")
    assert orjson.loads(answered.content).get("data") is None


async def test_what_was_kept_is_charged_again_and_refused_to_whoever_asks_too_often(
    houses: tuple[House, House, House], member: Phone, regular: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, _ = houses
    await one.answer(regular, SHORT)  # whose document is then known, and costs nobody else
    await one.answer(member, SHORT)
    *_, (kept, _) = one.keeping.answers._kept.values()
    monkeypatch.setattr(settings().request_limits, "cost_per_minute", 4 * kept.charge)
    assert [(await one.answer(member, SHORT)).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


async def test_by_get_a_tag_is_enough(houses: tuple[House, House, House], regular: Phone) -> None:
    one, _, _ = houses
    told = {"Authorization": f"Bearer {regular.token}"}
    first = await one.http.get("/graphql", params={"query": SHORT}, headers=told)
    assert len(one.keeping.answers) == 1
    assert (first.headers["cache-control"], first.headers["vary"]) == (
        "private, no-cache",
        "Authorization, Accept, Accept-Language, Accept-Encoding",
    )
    same = await one.http.get(
        "/graphql", params={"query": SHORT}, headers=told | {"If-None-Match": first.headers["etag"]}
    )
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    english = await one.http.get("/graphql", params={"query": SHORT}, headers=told | {"Accept-Language": "en"})
    assert english.content != first.content and len(one.keeping.answers) == 2


def test_they_take_no_more_room_than_they_may() -> None:
    from datetime import UTC, datetime

    kept = answers.KeptAnswers(1_000)
    for number in range(20):
        kept.keep(number, answers.KeptAnswer([], b"", 1, None, datetime.now(UTC), None), 300)
        assert kept.bytes <= 1_000
    assert [number for number in range(20) if kept.find(number)] == [17, 18, 19]
    kept.keep(20, answers.KeptAnswer([], b"", 1, None, datetime.now(UTC), None), 1_001)
    assert kept.find(20) is None and kept.bytes == 900
