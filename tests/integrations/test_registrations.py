"""Which providers there are, and where they live."""

import pytest
from pydantic import SecretStr

from infra.setting_credentials import ProviderCredentials
from infra.settings import Settings
from integrations.providers.descriptions import Category
from integrations.registrations import PROVIDERS, faults, registrations


def embedded(**providers: ProviderCredentials) -> Settings:
    return Settings.model_construct(public_url="http://127.0.0.1:8000", providers=providers)


def production(**providers: ProviderCredentials) -> Settings:
    return Settings.model_construct(environment="production", providers=providers, outgoing_allow=["mirror:8443"])


def test_on_the_embedded_default_the_sandbox_speaks_every_dialect() -> None:
    found = registrations(embedded())
    assert list(found) == list(PROVIDERS)
    assert all(at.simulated and at.allow == {"127.0.0.1:8000"} for at in found.values())
    assert found["wechat"].provider.exchange_url == "http://127.0.0.1:8000/sandbox/wechat/sns/oauth2/access_token"
    assert found["oidc"].issuer == "http://127.0.0.1:8000/sandbox/oidc"


def test_in_production_only_what_is_configured_exists_and_nothing_is_simulated() -> None:
    assert registrations(production()) == {}
    found = registrations(production(wechat=ProviderCredentials(client_id="wx1", client_secret=SecretStr("s"))))
    assert list(found) == ["wechat"]
    at = found["wechat"]
    assert (at.client_id, at.client_secret, at.simulated, at.provider.history) == ("wx1", "s", False, "")
    assert at.provider.authorize_url == "https://open.weixin.qq.com/connect/qrconnect"
    assert at.provider.authorize_fragment == "#wechat_redirect"
    assert at.allow == {"mirror:8443"}


def test_a_configured_provider_takes_the_place_of_its_sandbox() -> None:
    given = ProviderCredentials(
        client_id="longan", issuer="http://127.0.0.1:4455", name="Bank of Test", scope="openid email"
    )
    at = registrations(embedded(oidc=given))["oidc"]
    assert (at.simulated, at.issuer, at.provider.name) == (False, "http://127.0.0.1:4455", "Bank of Test")
    assert at.provider.scopes == ("openid", "email")
    assert at.allow == {"127.0.0.1:4455"}


def test_a_provider_whose_issuer_is_known_needs_no_issuer() -> None:
    given = ProviderCredentials(client_id="longan", client_secret=SecretStr("s"))
    found = registrations(production(google=given, line=given))
    assert (found["google"].issuer, found["line"].issuer) == ("https://accounts.google.com", "https://access.line.me")
    assert faults(production(google=ProviderCredentials(client_id="longan"))) == [
        "LONGAN_PROVIDERS__GOOGLE__CLIENT_SECRET is missing."
    ]


def test_anything_with_an_issuer_is_an_openid_provider() -> None:
    given = ProviderCredentials(client_id="longan", issuer="https://login.bank.example", name="My bank")
    at = registrations(production(mybank=given))["mybank"]
    assert at.provider.key == "mybank"
    assert at.provider.is_openid


@pytest.mark.parametrize("key", ["oidc", "myspace"])
def test_what_cannot_be_spoken_to_is_left_out(key: str) -> None:
    assert registrations(production(**{key: ProviderCredentials(client_id="x")})) == {}


def test_what_is_read_says_what_is_simulated() -> None:
    for at in registrations(embedded()).values():
        assert any(sentence.startswith("Simulated: ") for sentence in at.reads)
    real = registrations(production(taobao=ProviderCredentials(client_id="x")))["taobao"]
    assert real.reads == ("Your Taobao name, and that the account is yours",)


def test_the_three_categories_are_there() -> None:
    assert {provider.category for provider in PROVIDERS.values()} == set(Category)
