"""The providers that are configured; on the embedded default the sandbox stands in for the rest."""

from collections.abc import Mapping
from dataclasses import replace

from cryptography.exceptions import UnsupportedAlgorithm
from pydantic import SecretStr

from infra.setting_credentials import ProviderCredentials
from infra.settings import Settings, settings
from integrations.bills.sources import SOURCES
from integrations.client import authority_of
from integrations.providers.alipay import ALIPAY
from integrations.providers.descriptions import Provider, Registration
from integrations.providers.douyin import DOUYIN
from integrations.providers.facebook import FACEBOOK
from integrations.providers.google import GOOGLE
from integrations.providers.jd import JD
from integrations.providers.line import LINE
from integrations.providers.mercado_livre import MERCADO_LIVRE
from integrations.providers.oidc import OIDC
from integrations.providers.qq import QQ
from integrations.providers.taobao import TAOBAO
from integrations.providers.tiktok import TIKTOK
from integrations.providers.wechat import WECHAT
from integrations.providers.wechat_in_app import WECHAT_IN_APP
from integrations.providers.wechat_mini import WECHAT_MINI
from integrations.providers.weibo import WEIBO
from integrations.sandbox import credentials

PROVIDERS: Mapping[str, Provider] = {
    provider.key: provider
    for provider in (
        *(WECHAT, WECHAT_IN_APP, WECHAT_MINI, QQ, WEIBO, DOUYIN, TAOBAO, JD, ALIPAY),
        *(GOOGLE, FACEBOOK, LINE, TIKTOK, MERCADO_LIVRE, OIDC),
    )
}


def registrations(configuration: Settings | None = None) -> dict[str, Registration]:
    """All registrations by key, in the order in which a person sees them; drawn up once for the settings that serve."""
    global _serving
    configuration = configuration or settings()
    if _serving is None or _serving[0] is not configuration:
        _serving = configuration, _drawn_up(configuration)
    return _serving[1]


_serving: tuple[Settings, dict[str, Registration]] | None = None


def _drawn_up(configuration: Settings) -> dict[str, Registration]:
    found = {
        key: sandboxed(provider, configuration.public_url) if configuration.is_embedded else None
        for key, provider in PROVIDERS.items()
    }
    found |= {key: configured(key, given, configuration) for key, given in configuration.providers.items()}
    return {key: registration for key, registration in found.items() if registration}


def registration(key: str) -> Registration | None:
    return registrations().get(key)


def registration_or_name(key: str) -> Registration:
    """A registration, also one that is configured no more: an account that was linked there keeps its provider's name."""
    return registration(key) or Registration(
        provider=PROVIDERS.get(key) or SOURCES.get(key) or replace(OIDC, key=key, name=key), client_id=""
    )


def configured(key: str, given: ProviderCredentials, configuration: Settings) -> Registration | None:
    """A real provider. Any key that has an issuer is an OpenID Connect provider under that key."""
    described = _described(key, given)
    if described is None or (described.is_openid and not (given.issuer or described.issuer)):
        return None
    described = replace(described, name=given.name or described.name, history="", reads_simulated=())
    if given.scope:
        described = replace(described, scopes=tuple(given.scope.replace(described.scope_separator, " ").split()))
    # An issuer that the operator has named may be a private address; what it points on to may not.
    named = [authority_of(given.issuer)] if given.issuer else []
    return Registration(
        provider=described,
        client_id=given.client_id,
        client_secret=given.client_secret.get_secret_value(),
        issuer=given.issuer or described.issuer,
        private_key=given.private_key.get_secret_value() if given.private_key else "",
        public_key=given.public_key or "",
        allow=frozenset([*named, *configuration.outgoing_allow]),
    )


def _described(key: str, given: ProviderCredentials) -> Provider | None:
    known = PROVIDERS.get(key)
    return replace(OIDC, key=key) if given.issuer and not (known and known.is_openid) else known


def faults(configuration: Settings) -> list[str]:
    """A sentence for each provider that is configured and could not be spoken with."""
    return [fault for key, given in configuration.providers.items() if (fault := _fault(key, given))]


def _fault(key: str, given: ProviderCredentials) -> str | None:
    name = f"LONGAN_PROVIDERS__{key.upper()}"
    described = _described(key, given)
    if described is None:
        return f"{name} should be one of {', '.join(PROVIDERS)}, or name its ISSUER."
    is_fixed = bool(described.issuer) and not given.issuer
    needed = described.needs if is_fixed or not described.is_openid else ("issuer",)
    if missing := [f"{name}__{each.upper()}" for each in needed if not _text(getattr(given, each))]:
        return f"{', '.join(missing)} is missing."
    for each, read in described.reads_keys.items():
        try:
            read(_text(getattr(given, each)))
        except (ValueError, AssertionError, UnsupportedAlgorithm):
            return f"{name}__{each.upper()} should be an RSA key in PEM, or the base64 of its DER."
    return None


def _text(value: SecretStr | str | None) -> str:
    return (value.get_secret_value() if isinstance(value, SecretStr) else value or "").strip()


def sandboxed(provider: Provider, public_url: str) -> Registration:
    """A registration whose other side is our own server, by the same code over real HTTP."""
    base = f"{public_url}/sandbox/{provider.key}"
    return Registration(
        # Without the fragment, since testers add `&persona=` to the end of the address.
        provider=replace(provider.moved_to(base), authorize_fragment=""),
        client_id=credentials.client_id(provider.key),
        client_secret=credentials.client_secret(provider.key),
        issuer=base if provider.is_openid else "",
        private_key=credentials.APP_KEY,
        public_key=credentials.PLATFORM_PUBLIC_KEY,
        allow=frozenset([authority_of(public_url)]),
        simulated=True,
    )
