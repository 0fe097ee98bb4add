"""Linking as a story, against a real database and the sandbox over real HTTP."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from domain.actors import UserActor
from domain.credit.assessing import points_gained
from domain.facts import accounts, link_requests, readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.link_requests import AccountLinkRequest, RequestStatus
from domain.facts.provider_subjects import ProviderSubject
from domain.people import users
from infra import vault
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.outbox import Event
from infra.settings import Settings, settings
from integrations import linking
from integrations.registrations import PROVIDERS
from integrations.sandbox.personas import PERSONAS
from tests.integrations.conftest import NAMELESS, REDIRECT, Desk, history
from tests.visiting import visitor


@pytest.fixture(autouse=True)
async def configuration(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Settings:
    ours = settings().model_copy(update={"public_url": desk.url, "link_redirects": ["https://app.example/linked"]})
    for place in ("integrations.linking", "integrations.registrations"):
        monkeypatch.setattr(f"{place}.settings", lambda: ours)
    return ours


async def somebody() -> UserActor:
    async with transaction() as db:
        user = await users.find_or_register(db, f"+86138{uuid4().int % 10**8:08}")
    return UserActor(user_id=user.id, session_id=uuid4())


@pytest.fixture
async def actor() -> UserActor:
    return await somebody()


async def callback_of(desk: Desk, actor: UserActor, key: str, **more: str) -> str:
    started = await linking.start(actor, key, REDIRECT)
    async with visitor() as client:
        url = httpx2.URL(started.authorization_url).copy_merge_params({"persona": "gig-driver", **more})
        return str((await client.get(url)).headers["location"])


async def request_of(actor: UserActor) -> AccountLinkRequest:
    async with reading() as db:
        mine = select(AccountLinkRequest).where(AccountLinkRequest.user_id == actor.user_id)
        return (await db.execute(mine)).scalar_one()


async def announced(actor: UserActor, name: str) -> int:
    async with reading() as db:
        counted = select(func.count()).where(Event.user_id == actor.user_id, Event.name == name)
        return (await db.execute(counted)).scalar_one()


@pytest.mark.parametrize("key", PROVIDERS)
async def test_a_link_writes_the_account_its_facts_and_an_event(desk: Desk, actor: UserActor, key: str) -> None:
    account = await linking.complete(actor, await callback_of(desk, actor, key))
    assert (account.provider, account.status, account.unlinked_at) == (key, LinkStatus.ACTIVE, None)
    async with reading() as db:
        sheet = await readings.sheet(db, actor.user_id)
        seal = await vault.seal_of(db, actor.user_id)
    assert {name: float(value) for name, value in sheet.values.items()} == history(key).facts(PERSONAS["gig-driver"])  # type: ignore[arg-type]
    assert sheet.simulated
    assert sheet.linked_sources == {key}
    assert account.tokens_sealed is not None
    name = account.display_name_sealed and seal.open(account.display_name_sealed, accounts.NAME)
    assert name == (None if key in NAMELESS else "赵师傅")
    assert set(seal.open(account.tokens_sealed, accounts.TOKENS)) == {
        "access_token",
        "refresh_token",
        "expires_at",
        "refresh_expires_at",
        "subject",
    }
    assert await announced(actor, "account.linked") == 1


async def test_the_same_address_in_the_same_session_answers_the_same_account(desk: Desk, actor: UserActor) -> None:
    callback = await callback_of(desk, actor, "wechat")
    answers = await asyncio.gather(*(linking.complete(actor, callback) for _ in range(5)))
    again = await linking.complete(actor, callback)
    assert {account.id for account in answers} == {again.id}
    assert await announced(actor, "account.linked") == 1


UNION = {"persona": "steady-shopper"}  # whom WeChat tells a union id of


async def in_force(actor: UserActor) -> list[str]:
    async with reading() as db:
        return [account.provider for account in await accounts.linked(db, actor.user_id)]


@pytest.mark.parametrize("door", ["wechat_in_app", "wechat_mini"])
async def test_one_wechat_account_serves_one_person_by_whichever_door(desk: Desk, actor: UserActor, door: str) -> None:
    other, subject = await somebody(), {**UNION, "subject": f"one-account-{uuid4()}"}
    first = await linking.complete(actor, await callback_of(desk, actor, "wechat", **subject))
    with pytest.raises(Refusal, match="ACCOUNT_LINKED_ELSEWHERE"):
        await linking.complete(other, await callback_of(desk, other, door, **subject))
    assert (await in_force(actor), await in_force(other)) == (["wechat"], [])
    async with transaction() as db:
        await accounts.unlink(db, actor, first.id, weigh=points_gained)
    await linking.complete(other, await callback_of(desk, other, door, **subject))
    assert (await in_force(actor), await in_force(other)) == ([], [door])


async def test_another_door_to_the_same_account_takes_the_place_of_the_first(desk: Desk, actor: UserActor) -> None:
    subject = {**UNION, "subject": f"one-account-{uuid4()}"}
    for door in ("wechat", "wechat_in_app", "wechat_mini", "wechat"):
        await linking.complete(actor, await callback_of(desk, actor, door, **subject))
        assert await in_force(actor) == [door]
    async with reading() as db:
        held = select(func.count()).where(ProviderSubject.user_id == actor.user_id)
        assert (await db.execute(held)).scalar_one() == 2


async def test_another_session_and_another_person_cannot_complete_it(desk: Desk, actor: UserActor) -> None:
    callback = await callback_of(desk, actor, "wechat")
    for thief in (UserActor(actor.user_id, uuid4()), await somebody()):
        with pytest.raises(Refusal, match="NOT_FOUND"):
            await linking.complete(thief, callback)
    assert (await request_of(actor)).status == RequestStatus.OPEN
    assert (await linking.complete(actor, callback)).provider == "wechat"


@pytest.mark.parametrize(
    ("misbehave", "code", "kept"),
    [
        ({"refuse": "1"}, "PROVIDER_REFUSED", "denied"),
        ({"misbehave": "wrong_nonce"}, "PROVIDER_REFUSED", "bad_id_token"),
        ({"misbehave": "garbage"}, "PROVIDER_UNAVAILABLE", "garbage"),
        ({"misbehave": "500"}, "PROVIDER_UNAVAILABLE", "http_500"),
    ],
)
async def test_a_failure_is_refused_and_remembered(
    desk: Desk, actor: UserActor, misbehave: dict[str, str], code: str, kept: str
) -> None:
    callback = await callback_of(desk, actor, "oidc", **misbehave)
    with pytest.raises(Refusal, match=f"^{code}$"):
        await linking.complete(actor, callback)
    request = await request_of(actor)
    assert (request.status, request.failure) == (RequestStatus.FAILED, kept)
    with pytest.raises(Refusal, match=r"^NOT_OPEN$"):
        await linking.complete(actor, callback)
    async with reading() as db:
        assert await accounts.linked(db, actor.user_id) == []


async def test_whatever_breaks_the_link_off_ends_its_request(
    desk: Desk, actor: UserActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = await callback_of(desk, actor, "wechat")

    async def stumble(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(linking, "read_facts", stumble)
        with pytest.raises(ZeroDivisionError):
            await linking.complete(actor, callback)
    request = await request_of(actor)
    assert (request.status, request.failure) == (RequestStatus.FAILED, "ZeroDivisionError")
    with pytest.raises(Refusal, match=r"^NOT_OPEN$"):
        await linking.complete(actor, callback)
    assert (await linking.complete(actor, await callback_of(desk, actor, "wechat"))).status == LinkStatus.ACTIVE


async def test_a_link_that_is_cancelled_ends_its_request(
    desk: Desk, actor: UserActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback, asked = await callback_of(desk, actor, "wechat"), asyncio.Event()

    async def hang(*_: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(linking, "read_facts", hang)
    link = asyncio.create_task(linking.complete(actor, callback))
    await asked.wait()
    link.cancel()
    with pytest.raises(asyncio.CancelledError):
        await link
    assert (await request_of(actor)).status == RequestStatus.FAILED


async def test_a_provider_that_never_ends_is_unavailable_in_time(
    desk: Desk, actor: UserActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert linking.ASK_SECONDS_MAX < link_requests.CALL_LASTS.total_seconds() <= 10

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(linking, "ASK_SECONDS_MAX", 0.3)
    monkeypatch.setattr(linking, "read_facts", hang)
    with pytest.raises(Refusal, match=r"^PROVIDER_UNAVAILABLE$"):
        await linking.complete(actor, await callback_of(desk, actor, "wechat"))
    assert (await request_of(actor)).failure == "timeout"


@pytest.mark.parametrize(
    ("error", "code", "kept", "sentence"),
    [
        ("access_denied", "PROVIDER_REFUSED", "denied", "did not give permission"),
        ("server_error", "PROVIDER_UNAVAILABLE", "callback:server_error", "not answering right now"),
        ("temporarily_unavailable", "PROVIDER_UNAVAILABLE", "callback:temporarily_unavailable", "not answering"),
        ("invalid_scope", "PROVIDER_REFUSED", "callback:error", "did not confirm this link"),
        ("<b>+86138", "PROVIDER_REFUSED", "callback:error", "did not confirm this link"),
    ],
)
async def test_a_callback_with_an_error_is_told_as_what_it_says(
    desk: Desk, actor: UserActor, error: str, code: str, kept: str, sentence: str
) -> None:
    callback = httpx2.URL(await callback_of(desk, actor, "oidc")).copy_set_param("error", error)
    with pytest.raises(Refusal, match=f"^{code}$") as refused:
        await linking.complete(actor, str(callback))
    assert sentence in refused.value.message
    assert (await request_of(actor)).failure == kept


async def test_of_two_accounts_linked_at_once_one_is_in_force_with_its_facts(desk: Desk, actor: UserActor) -> None:
    callbacks = [await callback_of(desk, actor, "taobao", subject=uuid4().hex) for _ in range(4)]
    linked = await asyncio.gather(*(linking.complete(actor, callback) for callback in callbacks))
    assert len({account.id for account in linked}) == 4
    async with reading() as db:
        [in_force] = await accounts.linked(db, actor.user_id)
        held = select(ProviderSubject.account_id).where(ProviderSubject.user_id == actor.user_id)
        assert list((await db.execute(held)).scalars()) == [in_force.id]
    for account in linked:
        if account.id != in_force.id:
            async with transaction() as db:
                await accounts.unlink(db, actor, account.id, weigh=points_gained)
    async with reading() as db:
        assert (await readings.sheet(db, actor.user_id)).linked_sources == {"taobao"}


async def test_one_providers_answer_does_not_complete_anothers_link(desk: Desk, actor: UserActor) -> None:
    wechat = await callback_of(desk, actor, "wechat")
    oidc = await callback_of(desk, actor, "oidc")
    code = httpx2.URL(wechat).params["code"]
    with pytest.raises(Refusal, match="PROVIDER_REFUSED"):
        await linking.complete(actor, str(httpx2.URL(oidc).copy_set_param("code", code)))


async def test_an_account_serves_one_person(desk: Desk, actor: UserActor) -> None:
    subject = uuid4().hex
    first = await linking.complete(actor, await callback_of(desk, actor, "taobao", subject=subject))
    other = await somebody()
    with pytest.raises(Refusal, match="ACCOUNT_LINKED_ELSEWHERE"):
        await linking.complete(other, await callback_of(desk, other, "taobao", subject=subject))
    assert (await request_of(other)).failure == "ACCOUNT_LINKED_ELSEWHERE"
    again = await linking.complete(actor, await callback_of(desk, actor, "taobao", subject=subject))
    assert again.id == first.id


async def test_two_people_may_choose_the_same_persona(desk: Desk, actor: UserActor) -> None:
    other = await somebody()
    mine = await linking.complete(actor, await callback_of(desk, actor, "wechat"))
    theirs = await linking.complete(other, await callback_of(desk, other, "wechat"))
    assert mine.id != theirs.id


async def test_what_a_crash_left_behind_is_started_again(
    desk: Desk, actor: UserActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_requests, "CALL_LASTS", timedelta(seconds=0.3))
    callback = await callback_of(desk, actor, "wechat")
    async with transaction() as db:
        await link_requests.consume(db, actor, httpx2.URL(callback).params["state"])
    with pytest.raises(Refusal, match="NOT_OPEN"):
        await linking.complete(actor, callback)
    assert (await linking.complete(actor, await callback_of(desk, actor, "wechat"))).provider == "wechat"


@pytest.mark.parametrize(
    "redirect",
    ["https://evil.example/", "http://app.example/linked", "longan:linked", "longan://x#y", "longan://a\nb", ""],
)
async def test_a_link_returns_only_where_it_may(actor: UserActor, redirect: str) -> None:
    with pytest.raises(Refusal, match="INVALID") as refused:
        await linking.start(actor, "wechat", redirect)
    assert refused.value.field == ("input", "redirectUri")


async def test_a_link_may_return_to_a_registered_address(actor: UserActor) -> None:
    started = await linking.start(actor, "wechat", "https://app.example/linked")
    assert started.request.redirect_uri == "https://app.example/linked"


async def test_an_unknown_provider_is_not_found(actor: UserActor) -> None:
    with pytest.raises(Refusal, match="NOT_FOUND"):
        await linking.start(actor, "myspace", REDIRECT)


@pytest.mark.parametrize(
    "url", ["", "longan://linked", "longan://linked?state=", "longan://[", "longan://linked?state=x"]
)
async def test_an_address_that_no_provider_sent_is_not_found(actor: UserActor, url: str) -> None:
    with pytest.raises(Refusal, match="NOT_FOUND"):
        await linking.complete(actor, url)


async def test_an_endless_address_is_invalid(actor: UserActor) -> None:
    with pytest.raises(Refusal, match="INVALID"):
        await linking.complete(actor, "longan://linked?state=" + "x" * 5000)


async def test_a_provider_that_is_away_is_unavailable_at_the_start(
    actor: UserActor, configuration: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = configuration.model_copy(update={"public_url": "http://127.0.0.1:9"})
    monkeypatch.setattr("integrations.registrations.settings", lambda: away)
    with pytest.raises(Refusal, match="PROVIDER_UNAVAILABLE"):
        await linking.start(actor, "oidc", REDIRECT)


async def test_nothing_secret_is_stored_in_the_clear(desk: Desk, actor: UserActor) -> None:
    callback = await callback_of(desk, actor, "oidc")
    account: LinkedAccount = await linking.complete(actor, callback)
    async with reading() as db:
        secrets = (await vault.seal_of(db, actor.user_id)).open(account.tokens_sealed or b"", accounts.TOKENS)
    request = await request_of(actor)
    stored = repr(vars(request)) + repr(vars(account))
    assert secrets["access_token"] not in stored
    assert httpx2.URL(callback).params["state"] not in stored
