"""Codes and refresh tokens at the token endpoint: what they bring, how they end, and what no thief gets for them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, update

from domain.consent import consents
from domain.consent.consents import Consent
from domain.credit.grades import Grade
from domain.people import partners
from domain.people.partners import PartnerClient
from domain.people.sessions import Session
from domain.sharing.share_grants import ShareGrant
from infra import clock as the_clock
from infra import pruning
from infra.database import reading, transaction
from infra.ids import global_id
from tests.api.doors import Client
from tests.api.oauth.sharing import Visitor, Website, exchange, open_website, refresh, s256, somebody_with
from tests.clocks import Clock
from tests.phones import new_key

OFFLINE = {"scope": "scores score_reports offline_access"}
VERIFIER = "v" * 43


@pytest.fixture(scope="module")
async def website() -> Website:
    return await open_website()


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    visitor = Visitor()
    async with visitor.http:
        yield visitor


@pytest.fixture
async def person() -> tuple[UUID, str]:
    return await somebody_with(Grade.B)


async def consent_of(user_id: UUID) -> Consent:
    async with reading() as db:
        return (await db.execute(select(Consent).where(Consent.user_id == user_id))).scalar_one()


async def tokens_of(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, number: str, **other: str
) -> dict[str, Any]:
    response = await exchange(http, website, await visitor.share(website, number, **{**OFFLINE, **other}))
    assert response.status_code == 200, response.text
    tokens: dict[str, Any] = response.json()
    return tokens


def error_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


async def check(http: httpx2.AsyncClient, tokens: dict[str, Any], at_least: str = "B", **other: str) -> dict[str, Any]:
    wish = {"consentToken": tokens["consent_token"], "purpose": "LENDING", "atLeast": at_least, **other}
    partner = Client(http, "partner", tokens["access_token"])
    answer: dict[str, Any] = (await partner.send("CheckScore", input={**wish, "idempotencyKey": new_key()}))[
        "checkScore"
    ]
    return answer


async def is_out(http: httpx2.AsyncClient, tokens: dict[str, Any]) -> bool:
    response = await http.post(
        "/partner/graphql",
        json={"query": "{ me { scopes } }"},
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    return response.status_code == 401


async def test_a_code_brings_tokens_that_ask_with_this_consent(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1])
    assert tokens.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
        "consent_token",
    }
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert tokens["scope"] == "scores score_reports offline_access"
    assert [(await check(http, tokens, each))["answer"] for each in "ABCD"] == ["NO", "YES", "YES", "YES"]
    assert (await check(http, tokens, purpose="RENTING"))["code"] == "CONSENT_NOT_LIVE"


async def test_such_a_token_opens_nothing_else(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1])
    other_id, other_number = await somebody_with(Grade.A)
    second = Visitor()
    async with second.http:
        others = await tokens_of(http, second, website, other_number)
    assert (await check(http, {**others, "access_token": tokens["access_token"]}))["code"] == "CONSENT_NOT_LIVE"
    partner = Client(http, "partner", tokens["access_token"])
    for document in (
        "{ products { edges { cursor } } }",
        "{ consents { edges { cursor } } }",
        "{ applications { edges { cursor } } }",
    ):
        (error,) = (await partner.post(document)).json()["errors"]
        assert (error["extensions"]["code"], error["message"].split(".")[0]) == (
            "FORBIDDEN",
            "This token is for one person's consent alone",
        )
    mine, theirs = [global_id("Consent", (await consent_of(each)).id) for each in (person[0], other_id)]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await partner.ask(node, id=mine))["node"] == {"id": mine}
    assert (await partner.ask(node, id=theirs))["node"] is None


async def test_without_being_asked_for_there_is_no_refresh_token(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1], scope="scores")
    assert "refresh_token" not in tokens and tokens["scope"] == "scores"


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": VERIFIER},
        {"redirect_uri": "https://shop.example/back"},
        {"redirect_uri": "https://evil.example/back"},
        {"code": "lsc_" + "A" * 64},
        {"code": "invented"},
    ],
)
async def test_a_code_with_something_else_is_nothing_and_stays_good(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], other: dict[str, str]
) -> None:
    code = await visitor.share(website, person[1])
    assert error_of(await exchange(http, website, code, **other)) == (400, "invalid_grant")
    assert (await exchange(http, website, code)).status_code == 200


@pytest.mark.parametrize(
    "other",
    [{"code_verifier": None}, {"code_verifier": "short"}, {"redirect_uri": None}, {"code": None}],
)
async def test_what_is_missing_is_said(http: httpx2.AsyncClient, website: Website, other: dict[str, None]) -> None:
    assert error_of(await exchange(http, website, "lsc_", **other)) == (400, "invalid_request")


async def test_the_challenge_is_no_verifier(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    """The method is S256, whatever a client says at the token endpoint."""
    code = await visitor.share(website, person[1], code_challenge=s256(VERIFIER))
    downgraded = await exchange(http, website, code, code_verifier=s256(VERIFIER), code_challenge_method="plain")
    assert error_of(downgraded) == (400, "invalid_grant")


async def test_a_code_is_another_clients_loss(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    other = await open_website()
    code = await visitor.share(website, person[1])
    assert error_of(await exchange(http, other, code, code_verifier=website.verifier)) == (400, "invalid_grant")
    tokens = (await exchange(http, website, code)).json()
    assert error_of(await exchange(http, other, code, code_verifier=website.verifier)) == (400, "invalid_grant")
    assert not await is_out(http, tokens)


async def test_a_code_lives_for_a_minute(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], clock: Clock
) -> None:
    code = await visitor.share(website, person[1])
    await clock.forward(seconds=60)
    assert error_of(await exchange(http, website, code)) == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", [None, VERIFIER])
async def test_a_code_that_comes_twice_ends_all_that_came_of_it(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], verifier: str | None
) -> None:
    code = await visitor.share(website, person[1], **OFFLINE)
    tokens = (await exchange(http, website, code)).json()
    again = await exchange(http, website, code, code_verifier=verifier or website.verifier)
    assert error_of(again) == (400, "invalid_grant")
    assert await is_out(http, tokens)
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (400, "invalid_grant")
    assert (await consent_of(person[0])).revoked_at is not None


async def test_of_many_at_once_one_has_the_code_and_none_keeps_it(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    code = await visitor.share(website, person[1])
    answers = await asyncio.gather(*(exchange(http, website, code) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [200, *[400] * 5]
    (tokens,) = [each.json() for each in answers if each.status_code == 200]
    assert await is_out(http, tokens)


async def test_a_refresh_token_is_renewed_each_time(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], clock: Clock
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1])
    seen = {tokens["refresh_token"]}
    for _ in range(3):
        await clock.forward(minutes=61)
        assert await is_out(http, tokens)
        tokens = (await refresh(http, website, tokens["refresh_token"])).json()
        assert not await is_out(http, tokens)
        seen.add(tokens["refresh_token"])
    assert len(seen) == 4


async def test_a_refresh_asks_for_less_and_never_for_more(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1], scope="scores offline_access")
    more = await refresh(http, website, tokens["refresh_token"], scope="scores score_reports")
    assert error_of(more) == (400, "invalid_scope")
    nothing = await refresh(http, website, tokens["refresh_token"], scope="offline_access")
    assert error_of(nothing) == (400, "invalid_scope")
    less = await refresh(http, website, tokens["refresh_token"], scope="scores")
    assert less.status_code == 200, "what was refused has used nothing up"


async def test_a_refresh_may_ask_for_the_scope_that_was_told(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1])
    renewed = await refresh(http, website, tokens["refresh_token"], scope=tokens["scope"])
    assert renewed.status_code == 200, renewed.text
    assert set(renewed.json()["scope"].split()) == {"scores", "score_reports", "offline_access"}


async def test_a_retry_within_seconds_gets_the_same_refresh_token(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], clock: Clock
) -> None:
    old = (await tokens_of(http, visitor, website, person[1]))["refresh_token"]
    answers = await asyncio.gather(*(refresh(http, website, old) for _ in range(4)))
    assert len({each.json()["refresh_token"] for each in answers}) == 1
    await clock.forward(seconds=20)
    again = (await refresh(http, website, old)).json()
    assert again["refresh_token"] == answers[0].json()["refresh_token"]
    assert (await refresh(http, website, again["refresh_token"])).status_code == 200


@pytest.mark.parametrize("renewals", [1, 2])
async def test_an_old_refresh_token_ends_the_family(
    http: httpx2.AsyncClient,
    visitor: Visitor,
    website: Website,
    person: tuple[UUID, str],
    clock: Clock,
    renewals: int,
) -> None:
    """One renewal and then half a minute, or two renewals and no time at all: the old one is with somebody else."""
    tokens = newest = await tokens_of(http, visitor, website, person[1])
    for _ in range(renewals):
        newest = (await refresh(http, website, newest["refresh_token"])).json()
    if renewals == 1:
        await clock.forward(seconds=31)
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (400, "invalid_grant")
    assert error_of(await refresh(http, website, newest["refresh_token"])) == (400, "invalid_grant")
    assert await is_out(http, newest)
    assert (await consent_of(person[0])).revoked_at is None


async def test_another_client_does_nothing_with_a_refresh_token(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens, other = await tokens_of(http, visitor, website, person[1]), await open_website()
    assert error_of(await refresh(http, other, tokens["refresh_token"])) == (400, "invalid_grant")
    assert (await refresh(http, website, tokens["refresh_token"])).status_code == 200


async def test_a_consent_that_is_taken_back_ends_everything_at_once(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1])
    mine = await consent_of(person[0])
    async with transaction() as db:
        consent = await db.get_one(Consent, (mine.user_id, mine.id), with_for_update=True)
        await consents.take_back(db, consent, await the_clock.now(db))
    assert await is_out(http, tokens)
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (400, "invalid_grant")


async def test_a_code_whose_consent_was_taken_back_brings_nothing(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str]
) -> None:
    code = await visitor.share(website, person[1])
    async with transaction() as db:
        await db.execute(update(Consent).where(Consent.user_id == person[0]).values(revoked_at=await the_clock.now(db)))
    assert error_of(await exchange(http, website, code)) == (400, "invalid_grant")


async def test_tokens_end_with_the_consents_days(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], clock: Clock
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1], days="1")
    await clock.forward(hours=23, minutes=50)
    tokens = (await refresh(http, website, tokens["refresh_token"])).json()
    assert 0 < tokens["expires_in"] <= 600
    await clock.forward(minutes=11)
    assert await is_out(http, tokens)
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (400, "invalid_grant")


async def test_tokens_end_with_their_client(
    http: httpx2.AsyncClient, visitor: Visitor, person: tuple[UUID, str], clock: Clock
) -> None:
    """Another client that gets its name has none of them."""
    website = await open_website()
    tokens = await tokens_of(http, visitor, website, person[1])
    async with transaction() as db:
        await partners.end_client(db, await db.get_one(PartnerClient, website.client_id))
    assert await is_out(http, tokens)
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (401, "invalid_client")
    await clock.forward(seconds=1)
    async with transaction() as db:
        await partners.issue_client(db, await db.merge(website.partner), website.client_id, website.secret)
    assert await is_out(http, tokens)
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (400, "invalid_grant")


async def test_a_client_without_a_scope_any_more_uses_it_no_more(
    http: httpx2.AsyncClient, visitor: Visitor, person: tuple[UUID, str]
) -> None:
    website = await open_website()
    tokens = await tokens_of(http, visitor, website, person[1])
    async with transaction() as db:
        (await db.get_one(PartnerClient, website.client_id)).scopes = ["products", "scores"]
    renewed = (await refresh(http, website, tokens["refresh_token"])).json()
    assert renewed["scope"] == "scores offline_access"


async def test_what_is_over_is_forgotten(
    http: httpx2.AsyncClient, visitor: Visitor, website: Website, person: tuple[UUID, str], clock: Clock
) -> None:
    tokens = await tokens_of(http, visitor, website, person[1])

    async def left() -> list[int]:
        theirs = [select(func.count()).where(table.user_id == person[0]) for table in (ShareGrant, Session)]
        async with transaction() as db:
            await pruning.one_batch(db, "prune_spent")
            return [(await db.execute(each)).scalar_one() for each in theirs]

    assert await left() == [1, 1]
    await clock.forward(days=365)
    assert await left() == [0, 1]
    await clock.forward(days=1, seconds=1)
    assert await left() == [0, 0]
    assert error_of(await refresh(http, website, tokens["refresh_token"])) == (400, "invalid_grant")
    assert (await consent_of(person[0])).revoked_at is None
