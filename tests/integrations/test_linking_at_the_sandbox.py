"""Every dialect of the sandbox, over real HTTP, by the code that would link at the real provider."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.facts.vocabulary import VOCABULARY, FactType
from integrations.client import outgoing
from integrations.providers import flow
from integrations.providers.failures import ProviderFailure, ProviderRefused, ProviderUnavailable
from integrations.providers.flow import begin, finish
from integrations.providers.history import read_facts
from integrations.registrations import PROVIDERS
from integrations.sandbox.credentials import PLATFORM_KEY
from integrations.sandbox.personas import PERSONAS
from tests.integrations.conftest import NAMELESS, REDIRECT, Desk, history

KEYS = list(PROVIDERS)
RENEWABLE = [key for key in KEYS if key not in ("weibo", "facebook", "wechat_mini")]
AS_OF = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize("key", KEYS)
async def test_a_link_proves_who_it_is(desk: Desk, key: str) -> None:
    identity = await desk.link(key)
    assert identity.display_name == (None if key in NAMELESS else "王姐")
    assert identity.subject
    assert identity.tokens.access_token
    assert bool(identity.tokens.refresh_token) == (key in RENEWABLE)


async def test_each_dialect_tells_its_own_times_and_scopes(desk: Desk) -> None:
    told = {key: await desk.link(key) for key in KEYS}
    assert {
        key: (it.tokens.expires_in, it.tokens.refresh_expires_in, it.granted_scopes) for key, it in told.items()
    } == {
        "wechat": (7200, 30 * 86400, ("snsapi_login",)),
        "wechat_in_app": (7200, 30 * 86400, ("snsapi_userinfo",)),
        "wechat_mini": (None, None, ()),
        "qq": (90 * 86400, None, ("get_user_info",)),
        "weibo": (5 * 365 * 86400, None, ()),
        "douyin": (15 * 86400, 30 * 86400, ("user_info",)),
        "taobao": (86400, 30 * 86400, ()),
        "jd": (86400, None, ("snsapi_base",)),
        "alipay": (15 * 86400, 30 * 86400, ("auth_user",)),
        "google": (3600, None, ("openid", "profile")),
        "facebook": (60 * 86400, None, ("public_profile",)),
        "line": (30 * 86400, 90 * 86400, ("openid", "profile")),
        "tiktok": (86400, 365 * 86400, ("user.info.basic",)),
        "mercado_livre": (6 * 3600, 180 * 86400, ("offline_access", "read")),
        "oidc": (3600, None, ("openid", "profile")),
    }


async def test_addresses_are_worded_as_the_provider_wants_them(desk: Desk) -> None:
    started = await begin(desk.at("wechat"), REDIRECT)
    assert urlsplit(started.authorization_url).path == "/sandbox/wechat/connect/qrconnect"
    assert list(parse_qs(urlsplit(started.authorization_url).query)) == [
        "appid",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    ]
    assert (started.nonce, started.verifier) == ("", "")
    taobao = await begin(desk.at("taobao"), REDIRECT)
    assert parse_qs(urlsplit(taobao.authorization_url).query)["view"] == ["wap"]
    oidc = await begin(desk.at("oidc"), REDIRECT)
    query = parse_qs(urlsplit(oidc.authorization_url).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["nonce"] == [oidc.nonce]
    assert oidc.verifier not in oidc.authorization_url
    mercado = await begin(desk.at("mercado_livre"), REDIRECT)
    assert parse_qs(urlsplit(mercado.authorization_url).query)["code_challenge_method"] == ["S256"]
    assert mercado.nonce == ""


async def test_google_gives_a_refresh_token_to_whoever_asks_for_offline_access_and_never_a_new_one(desk: Desk) -> None:
    started = await begin(desk.at("google"), REDIRECT)
    query = parse_qs(urlsplit(started.authorization_url).query)
    assert (query["access_type"], query["prompt"]) == (["offline"], ["consent"])
    assert (await desk.link("google", access_type="online")).tokens.refresh_token is None
    old = (await desk.link("google")).tokens
    new = await flow.refresh(desk.at("google"), old)
    assert new.access_token != old.access_token
    assert new.refresh_token == old.refresh_token


async def test_a_mini_program_is_opened_at_its_page_with_the_state(desk: Desk) -> None:
    at = replace(desk.at("wechat_mini"), provider=PROVIDERS["wechat_mini"], client_id="wx1")
    started = await begin(at, REDIRECT)
    parts = urlsplit(started.authorization_url)
    assert (parts.scheme, parts.netloc, parts.path) == ("weixin", "dl", "/business/")
    told = parse_qs(parts.query)
    assert (told["appid"], told["path"]) == (["wx1"], ["pages/link"])
    assert parse_qs(told["query"][0]) == {"state": [started.state], "redirect_uri": [REDIRECT]}


async def test_one_person_is_another_account_to_each_of_wechats_apps_and_the_same_by_union_id(desk: Desk) -> None:
    told = [await desk.link(key, subject="s1") for key in ("wechat", "wechat_in_app", "wechat_mini")]
    assert len({identity.subject for identity in told}) == 3
    assert len({identity.union_id for identity in told}) == 1 and told[0].union_id


async def test_facebook_believes_a_token_only_with_proof_of_the_secret(desk: Desk) -> None:
    identity = await desk.link("facebook")
    with pytest.raises(ProviderRefused, match="facebook:190"):
        await read_facts(replace(desk.at("facebook"), client_secret="other"), identity, AS_OF)


async def test_a_refresh_token_of_mercado_livre_serves_once(desk: Desk) -> None:
    old = (await desk.link("mercado_livre")).tokens
    await flow.refresh(desk.at("mercado_livre"), old)
    with pytest.raises(ProviderRefused, match="mercado_livre:invalid_grant"):
        await flow.refresh(desk.at("mercado_livre"), old)


@pytest.mark.parametrize("key", KEYS)
async def test_a_persona_can_be_added_to_the_end_of_the_address(desk: Desk, key: str) -> None:
    started = await begin(desk.at(key), REDIRECT)
    async with outgoing(allow=[desk.url.removeprefix("http://")]) as client:
        answer = await client.get(started.authorization_url + "&persona=gig-driver")
    assert answer.status_code == 302
    name = "auth_code" if key == "alipay" else "code"
    assert answer.headers["location"].startswith(f"longan://linked?{name}=")


@pytest.mark.parametrize("key", KEYS)
async def test_two_phones_with_one_persona_are_two_accounts_unless_the_tester_names_one(desk: Desk, key: str) -> None:
    assert (await desk.link(key)).subject != (await desk.link(key)).subject
    assert (await desk.link(key, subject="s1")).subject == (await desk.link(key, subject="s1")).subject


async def test_wechat_tells_a_union_id_only_sometimes(desk: Desk) -> None:
    assert (await desk.link("wechat", persona="steady-shopper")).union_id
    assert (await desk.link("wechat", persona="gig-driver")).union_id is None


async def test_taobao_asks_by_a_signed_call_for_the_nick_that_newer_apps_are_not_told(desk: Desk) -> None:
    identity = await desk.link("taobao", misbehave="open_uid")
    assert identity.subject.startswith("AAE")
    assert identity.display_name == "王姐"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("wechat", "wechat:40029"),
        ("wechat_in_app", "wechat:40029"),
        ("wechat_mini", "wechat:40029"),
        ("qq", "qq:100020"),
        ("weibo", "weibo:21325"),
        ("douyin", "douyin:10007"),
        ("taobao", "invalid_grant"),
        ("jd", "jd:400"),
        ("alipay", "alipay:40002"),
        ("google", "invalid_grant"),
        ("facebook", "facebook:100"),
        ("line", "invalid_grant"),
        ("tiktok", "tiktok:invalid_grant"),
        ("mercado_livre", "mercado_livre:invalid_grant"),
        ("oidc", "invalid_grant"),
    ],
)
async def test_a_code_serves_once(desk: Desk, key: str, reason: str) -> None:
    callback, kept = await desk.come_back(key)
    await finish(desk.at(key), callback, kept)
    with pytest.raises(ProviderRefused, match=reason):
        await finish(desk.at(key), callback, kept)


@pytest.mark.parametrize("key", KEYS)
async def test_a_person_who_says_no_is_refused(desk: Desk, key: str) -> None:
    callback, kept = await desk.come_back(key, refuse="1")
    assert {"code", "auth_code"}.isdisjoint(parse_qs(urlsplit(callback).query))
    with pytest.raises(ProviderRefused, match="denied"):
        await finish(desk.at(key), callback, kept)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda url: url.replace("state=", "state=x"), "wrong_state"),
        (lambda url: url + "&state=again", "wrong_state"),
        (lambda url: url.replace("longan://linked", "longan://elsewhere"), "wrong_redirect"),
        (lambda url: url.replace("longan://", "https://"), "wrong_redirect"),
        (lambda url: url.replace("iss=http", "iss=https"), "wrong_issuer"),
        (lambda url: url.replace("code=", "kode="), "denied"),
        (lambda url: url + "&error=access_denied", "denied"),
    ],
)
async def test_a_callback_that_does_not_fit_is_refused(desk: Desk, spoil: object, reason: str) -> None:
    callback, kept = await desk.come_back("oidc")
    with pytest.raises(ProviderRefused, match=reason):
        await finish(desk.at("oidc"), spoil(callback), kept)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("key", "misbehave", "failure", "reason"),
    [
        *[(key, "500", ProviderUnavailable, "http_500") for key in KEYS],
        *[(key, "garbage", ProviderUnavailable, "garbage") for key in KEYS],
        *[(key, "redirect", ProviderUnavailable, "redirect") for key in KEYS],
        ("wechat", "busy", ProviderUnavailable, "wechat:-1"),
        ("qq", "busy", ProviderUnavailable, "qq:-22"),
        ("qq", "other_client", ProviderRefused, "qq:other_client"),
        ("weibo", "busy", ProviderUnavailable, "weibo:10010"),
        ("douyin", "busy", ProviderUnavailable, "douyin:2100004"),
        ("jd", "busy", ProviderUnavailable, "jd:67"),
        ("alipay", "busy", ProviderUnavailable, "alipay:20000"),
        ("alipay", "forged", ProviderRefused, "alipay:bad_signature"),
        ("alipay", "other_user", ProviderRefused, "alipay:other_user"),
        ("wechat", "snapshot", ProviderRefused, "wechat:snapshot_user"),
        ("wechat_in_app", "snapshot", ProviderRefused, "wechat:snapshot_user"),
        ("wechat_mini", "busy", ProviderUnavailable, "wechat:-1"),
        ("wechat_mini", "risk", ProviderRefused, "wechat:40226"),
        ("facebook", "busy", ProviderUnavailable, "facebook:2"),
        ("tiktok", "busy", ProviderUnavailable, "tiktok:rate_limit_exceeded"),
        ("tiktok", "other_user", ProviderRefused, "tiktok:other_open_id"),
        ("mercado_livre", "busy", ProviderUnavailable, "mercado_livre:local_rate_limited"),
        ("mercado_livre", "other_user", ProviderRefused, "mercado_livre:other_user"),
        *[
            (key, lie, ProviderRefused, "bad_id_token")
            for key in ("oidc", "google", "line")
            for lie in ("wrong_nonce", "wrong_audience", "wrong_issuer", "expired")
        ],
        ("oidc", "wrong_key", ProviderRefused, "bad_id_token"),
        ("google", "wrong_key", ProviderRefused, "bad_id_token"),
        ("line", "wrong_key", ProviderRefused, "invalid_request"),
    ],
)
async def test_a_misbehaving_provider_is_a_named_failure(
    desk: Desk, key: str, misbehave: str, failure: type[ProviderFailure], reason: str
) -> None:
    with pytest.raises(failure, match=f"^{reason}$") as raised:
        await desk.link(key, misbehave=misbehave)
    # A traceback must not lead a log to the request, whose address carries the code and the secret.
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


async def test_a_provider_that_never_answers_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.providers.conversations.DEADLINE_SECONDS", 0.5)
    with pytest.raises(ProviderUnavailable, match="timeout"):
        await desk.link("wechat", misbehave="slow")


KEEPING_THE_OLD = ("google", "wechat", "wechat_in_app", "douyin")


@pytest.mark.parametrize("key", RENEWABLE)
async def test_tokens_are_refreshed_and_what_is_sent_again_lasts_no_longer(desk: Desk, key: str) -> None:
    old = replace((await desk.link(key)).tokens, refresh_expires_in=1234)
    new = await flow.refresh(desk.at(key), old)
    assert new.access_token != old.access_token
    assert (new.refresh_token == old.refresh_token) == (key in KEEPING_THE_OLD)
    assert (new.refresh_expires_in == 1234) == (key in KEEPING_THE_OLD)


@pytest.mark.parametrize("key", RENEWABLE)
async def test_a_permission_that_was_taken_back_is_told_by_a_word_of_its_own(desk: Desk, key: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        await flow.refresh(desk.at(key), (await desk.link(key, misbehave="withdrawn")).tokens)
    assert refused.value.reason in PROVIDERS[key].ended
    wrong = replace(desk.at(key), client_id="another", private_key=PLATFORM_KEY)
    with pytest.raises(ProviderFailure) as refused_of_ours:
        await flow.refresh(wrong, (await desk.link(key)).tokens)
    assert refused_of_ours.value.reason not in PROVIDERS[key].ended


@pytest.mark.parametrize(
    "key", [key for key in RENEWABLE if PROVIDERS[key].subject_names or PROVIDERS[key].prove_renewed]
)
async def test_anothers_tokens_are_nobodys(desk: Desk, key: str) -> None:
    identity = await desk.link(key, misbehave="renew_other")
    with pytest.raises(ProviderRefused, match="other_account"):
        await flow.refresh(desk.at(key), identity.tokens, lambda subject: subject == identity.subject)


@pytest.mark.parametrize("key", [key for key in KEYS if PROVIDERS[key].can_revoke and key in RENEWABLE])
async def test_what_was_revoked_is_not_renewed(desk: Desk, key: str) -> None:
    tokens = (await desk.link(key)).tokens
    assert await flow.revoke(desk.at(key), tokens) is True
    with pytest.raises(ProviderRefused):
        await flow.refresh(desk.at(key), tokens)


async def test_what_cannot_be_refreshed_is_refused(desk: Desk) -> None:
    for key in ("weibo", "facebook", "wechat_mini"):
        with pytest.raises(ProviderRefused, match="no_refresh"):
            await flow.refresh(desk.at(key), (await desk.link(key)).tokens)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("wechat", "wechat:40125"),
        ("qq", "qq:100009"),
        ("weibo", "weibo:21324"),
        ("douyin", "douyin:10003"),
        ("taobao", "invalid_client"),
        ("jd", "jd:401"),
        ("wechat_mini", "wechat:40125"),
        ("google", "invalid_client"),
        ("facebook", "facebook:101"),
        ("line", "invalid_client"),
        ("tiktok", "tiktok:invalid_client"),
        ("mercado_livre", "mercado_livre:invalid_client"),
        ("oidc", "invalid_client"),
    ],
)
async def test_a_wrong_secret_is_refused(desk: Desk, key: str, reason: str) -> None:
    callback, kept = await desk.come_back(key)
    with pytest.raises(ProviderRefused, match=f"^{reason}$"):
        await finish(replace(desk.at(key), client_secret="other"), callback, kept)


async def test_alipay_refuses_a_key_that_is_not_ours(desk: Desk) -> None:
    callback, kept = await desk.come_back("alipay")
    with pytest.raises(ProviderRefused, match="alipay:40002"):
        await finish(replace(desk.at("alipay"), private_key=PLATFORM_KEY), callback, kept)


async def test_a_wrong_signature_is_refused(desk: Desk) -> None:
    for key, reason in (("taobao", "taobao:25"), ("jd", "jd:12")):
        identity = await desk.link(key)
        with pytest.raises(ProviderRefused, match=reason):
            await read_facts(replace(desk.at(key), client_secret="other"), identity, AS_OF)


async def test_tokens_are_revoked_where_the_provider_can(desk: Desk) -> None:
    for key in ("oidc", "weibo", "google", "facebook", "line", "tiktok"):
        assert await flow.revoke(desk.at(key), (await desk.link(key)).tokens) is True
    assert await flow.revoke(desk.at("wechat"), (await desk.link("wechat")).tokens) is False


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("persona", PERSONAS)
async def test_history_is_dated_and_in_the_vocabulary(desk: Desk, key: str, persona: str) -> None:
    facts = await read_facts(desk.at(key), await desk.link(key, persona=persona), AS_OF)
    assert {fact.name: fact.value for fact in facts} == history(key).facts(PERSONAS[persona]) != {}
    for fact in facts:
        kind = VOCABULARY[fact.name]
        assert AS_OF - timedelta(days=5) < fact.observed_at < AS_OF
        assert isinstance(fact.value, bool | float | int)
        assert isinstance(fact.value, bool) == (kind.type is FactType.FLAG)
        assert kind.type is FactType.FLAG or (kind.low or 0) <= float(fact.value) <= (kind.high or 0)


async def test_a_person_chooses_on_a_page_of_its_own(desk: Desk) -> None:
    page = await desk.open(await begin(desk.at("taobao"), REDIRECT))
    assert page.status_code == 200
    assert page.text.count('class="card"') == len(PERSONAS)
    assert "http" not in page.text.replace("longan%3A", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_sandbox_refuses_an_unknown_client_a_foreign_redirect_and_an_unknown_persona(desk: Desk) -> None:
    started = await begin(desk.at("wechat"), REDIRECT)
    assert (await desk.open(started, appid="other", persona="gig-driver")).status_code == 400
    assert (await desk.open(started, redirect_uri="ftp://x", persona="gig-driver")).status_code == 400
    assert (await desk.open(started, persona="nobody")).status_code == 404


async def test_the_personas_are_listed(desk: Desk) -> None:
    async with outgoing(allow=[desk.url.removeprefix("http://")]) as client:
        listed = (await client.get(f"{desk.url}/sandbox/personas", headers={"Accept-Language": "en"})).json()
    assert [persona["key"] for persona in listed] == [
        "thin-file-student",
        "steady-shopper",
        "gig-driver",
        "over-borrowed",
        "small-shop-owner",
    ]
    assert all(set(persona) == {"key", "name", "story"} for persona in listed)
