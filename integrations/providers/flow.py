"""The one story of every provider: begin, the person goes there and comes back, finish."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from integrations.providers.conversations import completed, conversation
from integrations.providers.descriptions import Pending, Person, Registration, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, id_in, is_id, scopes_of, seconds, shown_name, token_in

# What a callback says where the person did not agree; RFC 6749 section 4.1.2.1 has the first.
DENIALS = frozenset({"access_denied", "user_denied", "user_cancelled", "user_cancelled_authorize", "consent_required"})
PASSING_ERRORS = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True)
class Started:
    """Where to send the person, and what to keep until they are back. Nonce and verifier are empty where nobody asks."""

    authorization_url: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """A person's account at a provider, proven a moment ago."""

    subject: str = field(repr=False)
    union_id: str | None = field(repr=False)
    display_name: str | None = field(repr=False)
    tokens: Tokens
    granted_scopes: tuple[str, ...]


@dataclass(frozen=True)
class _Link:
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


async def begin(at: Registration, redirect_uri: str) -> Started:
    at = await completed(at)
    link = _Link(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24) if at.provider.is_openid else "",
        verifier=secrets.token_urlsafe(48) if at.provider.is_openid or at.provider.has_pkce else "",
        redirect_uri=redirect_uri,
    )
    async with conversation(at) as talk:
        url = talk.authorization_url(link)
    return Started(url, link.state, link.nonce, link.verifier)


async def finish(at: Registration, callback_url: str, pending: Pending) -> Identity:
    """Whom the callback proves. Raises ProviderRefused or ProviderUnavailable; either way the code is spent."""
    at = await completed(at)
    code = _code_of(at, callback_url, pending)
    async with conversation(at) as talk:
        reply = await talk.exchange(code, pending)
        person = await at.provider.identify(talk, reply, pending)
    return Identity(
        subject=_subject(person),
        union_id=person.union_id,
        display_name=shown_name(person.display_name),
        tokens=_tokens(at, reply),
        granted_scopes=_scopes(at, reply),
    )


async def refresh(at: Registration, tokens: Tokens, is_theirs: Callable[[str], bool] = lambda subject: True) -> Tokens:
    """New tokens for old, of the same person. A provider that sends no new refresh token lets us keep the one we had.

    `tokens.refresh_expires_in` is how long the old one still lasts: to be sent it again makes it last no longer.
    """
    at = await completed(at)
    if not at.provider.can_refresh or not tokens.refresh_token:
        raise ProviderRefused("no_refresh")
    async with conversation(at) as talk:
        reply = await talk.refresh(tokens)
        proven = await at.provider.prove_renewed(talk, reply) if at.provider.prove_renewed else None
    named = [proven, *(id_in(reply, name) for name in at.provider.subject_names)]
    if not all(is_theirs(subject) for subject in named if subject):
        raise ProviderRefused("other_account")
    fresh = _tokens(at, reply)
    if fresh.refresh_token and fresh.refresh_token != tokens.refresh_token:
        return fresh
    return Tokens(fresh.access_token, tokens.refresh_token, fresh.expires_in, tokens.refresh_expires_in)


async def revoke(at: Registration, tokens: Tokens) -> bool:
    """False where the provider has no way to: its tokens then run out by themselves."""
    at = await completed(at)
    if not at.provider.can_revoke:
        return False
    async with conversation(at) as talk:
        await (at.provider.revoke(talk, tokens) if at.provider.revoke else talk.revoke(tokens))
    return True


def state_of(callback_url: str) -> str:
    """The state that a callback carries; empty if none."""
    return _params(callback_url).get("state", "")


def _code_of(at: Registration, callback_url: str, pending: Pending) -> str:
    params = _params(callback_url)
    if _place(callback_url) != _place(pending.redirect_uri):
        raise ProviderRefused("wrong_redirect")
    if not hmac.compare_digest(params.get("state", "").encode(), pending.state.encode()):
        raise ProviderRefused("wrong_state")
    # RFC 9207: an answer of another issuer is a mix-up.
    issuer = at.provider.metadata.get("issuer", at.issuer)
    if at.provider.is_openid and params.get("iss", issuer) != issuer:
        raise ProviderRefused("wrong_issuer")
    code, error = params.get(at.provider.code_name), params.get("error")
    if error in PASSING_ERRORS:
        raise ProviderUnavailable(f"callback:{error}")
    if error is not None and error not in DENIALS:
        raise ProviderRefused("callback:error")
    # WeChat says no by leaving the code out.
    if error or not code:
        raise ProviderRefused("denied")
    return code


def _params(url: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=50)
    except ValueError:
        return {}
    # A parameter that comes twice could mean one thing to us and another to the provider.
    return {} if len(pairs) != len(dict(pairs)) else dict(pairs)


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower(), parts.path or "/"


def _subject(person: Person) -> str:
    if not is_id(person.subject):
        raise ProviderRefused("no_subject")
    return person.subject


def _tokens(at: Registration, reply: Reply) -> Tokens:
    refresh_token = token_in(reply, "refresh_token")
    documented = at.provider.refresh_seconds if refresh_token else None
    return Tokens(
        access_token=reply["access_token"],
        refresh_token=refresh_token,
        expires_in=seconds(reply.get("expires_in")),
        refresh_expires_in=seconds(reply.get(at.provider.refresh_expiry_name)) or documented,
    )


def _scopes(at: Registration, reply: Reply) -> tuple[str, ...]:
    granted = reply.get("scope")
    if not isinstance(granted, str) or not granted:
        return at.provider.scopes  # RFC 6749 section 5.1: unsaid means as asked
    return scopes_of(granted, at.provider.scope_separator)
