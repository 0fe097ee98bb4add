"""A decision that cannot wait: accounts that answer in time tell what is so now, and nobody waits for one that hangs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.actors import UserActor
from domain.credit.assessing import points_gained
from domain.facts import accounts, link_lives, readings
from domain.facts.open_readings import Opened
from domain.facts.readings import Reading
from infra.database import reading, transaction
from integrations import reading_again
from integrations.providers.descriptions import Registration
from integrations.registrations import PROVIDERS, registration, sandboxed
from tests.clocks import Clock
from tests.integrations.conftest import Desk
from tests.integrations.serving import served
from tests.integrations.test_keeping_links import link, unlink
from tests.integrations.test_linking import actor, announced, configuration
from tests.patience import SECONDS_MAX

__all__ = ["actor", "configuration"]
DOORS = ("wechat", "oidc", "alipay", "jd")


async def hang(request: Request) -> Response:
    """Whoever waits for it waits longer than a provider is ever asked."""
    await asyncio.sleep(SECONDS_MAX)
    return JSONResponse({})


async def fail(request: Request) -> Response:
    return Response(status_code=503)


@pytest.fixture
async def hanging() -> AsyncIterator[str]:
    async with served([Route("/{path:path}", hang, methods=["GET", "POST"])]) as url:
        yield url


@pytest.fixture
async def failing() -> AsyncIterator[str]:
    async with served([Route("/{path:path}", fail, methods=["GET", "POST"])]) as url:
        yield url


def elsewhere(monkeypatch: pytest.MonkeyPatch, **urls: str) -> None:
    """Let some providers be at other addresses since the accounts were linked."""

    def moved(key: str) -> Registration | None:
        return sandboxed(PROVIDERS[key], urls[key]) if key in urls else registration(key)

    monkeypatch.setattr(reading_again, "registration", moved)


async def sources(actor: UserActor) -> dict[str, list[bool]]:
    """Of each source, oldest first, whether what it told counts."""
    async with reading() as db:
        theirs = select(Reading).where(Reading.user_id == actor.user_id).order_by(Reading.read_at, Reading.id)
        found: dict[str, list[bool]] = {}
        for each in (await db.execute(theirs)).scalars():
            found.setdefault(each.source, []).append(each.withdrawn_at is None)
    return found


@pytest.mark.parametrize("key", DOORS)
async def test_an_account_tells_what_is_so_now(desk: Desk, actor: UserActor, clock: Clock, key: str) -> None:
    await link(desk, actor, key)
    async with reading() as db:
        before = await readings.sheet(db, actor.user_id)
    await clock.forward(minutes=20)
    assert await reading_again.read_again(actor.user_id) == ()
    async with reading() as db:
        after = await readings.sheet(db, actor.user_id)
    assert after.values.keys() == before.values.keys()
    assert await sources(actor) == {key: [False, True]}
    assert await announced(actor, accounts.READ) == 1


async def test_who_hangs_or_is_away_is_named_and_not_waited_for(
    desk: Desk, actor: UserActor, hanging: str, failing: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("wechat", "jd", "alipay"):
        await link(desk, actor, key)
    await clock.forward(minutes=2)
    with monkeypatch.context() as patched:
        elsewhere(patched, jd=hanging, alipay=failing)
        patched.setattr(reading_again, "WITHIN_SECONDS", 2.0)
        everybody = ("alipay", "jd", "wechat")
        assert await reading_again.read_again(actor.user_id, waited=2.0) == everybody, (
            "all of the time was somebody else's"
        )
        assert await sources(actor) == {key: [True] for key in everybody}
        assert await reading_again.read_again(actor.user_id) == ("alipay", "jd")
    assert await sources(actor) == {"wechat": [False, True], "jd": [True], "alipay": [True]}
    assert await reading_again.read_again(actor.user_id) == ()
    counted = await sources(actor)
    assert counted == {"wechat": [False, True], "jd": [False, True], "alipay": [False, True]}, (
        "who told is not asked again"
    )
    assert await reading_again.read_again(actor.user_id) == () and await sources(actor) == counted


async def test_what_was_unlinked_meanwhile_stays_so(desk: Desk, actor: UserActor, clock: Clock) -> None:
    account = await link(desk, actor, "wechat")
    await clock.forward(minutes=2)
    async with reading() as db:
        (held,) = await link_lives.readable(db, actor.user_id)
    await unlink(actor, account)
    counted = await sources(actor)
    async with transaction() as db:
        told = Opened("wechat", [], simulated=True)
        await link_lives.record_reading(db, held, told, points_gained)
    assert await sources(actor) == counted


async def test_nobody_is_asked_where_nothing_is_linked(actor: UserActor) -> None:
    assert await reading_again.read_again(actor.user_id) == ()
