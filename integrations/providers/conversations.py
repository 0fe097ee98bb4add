"""Talking with a provider: Authlib's client, our guard, and one way of reading answers."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from integrations.client import options, patiently
from integrations.providers.descriptions import Pending, Provider, Registration, Tokens
from integrations.providers.failures import ProviderRefused, ProviderUnavailable
from integrations.replies import Reply, seconds, token_in

# A person waits for two conversations at most, and never longer than ten seconds.
DEADLINE_SECONDS = 8
AUTH_METHODS = {"basic": "client_secret_basic"}


class LinkConversation:
    """One client, for one link. Everything it raises is a ProviderFailure."""

    def __init__(self, at: Registration, client: AsyncOAuth2Client) -> None:
        self.at = at
        self._client = client

    @property
    def provider(self) -> Provider:
        return self.at.provider

    def authorization_url(self, pending: Pending) -> str:
        if self.provider.address:
            return self.provider.address(self.at, pending)
        url, _ = self._client.create_authorization_url(
            self.provider.authorize_url,
            state=pending.state,
            redirect_uri=pending.redirect_uri,
            code_verifier=pending.verifier or None,
            nonce=pending.nonce or None,
            **self.provider.authorize_extra,
        )
        return _in_its_words(str(url), self.provider)

    async def exchange(self, code: str, pending: Pending) -> Reply:
        """The reply to a code. Never tried twice: a code is spent by the first try, whatever we hear of it."""
        if self.provider.ask_token:
            return _with_token(await self.provider.ask_token(self, {"grant_type": "authorization_code", "code": code}))
        return await self._ask_token(
            self._client.fetch_token(
                self.provider.exchange_url,
                method="GET" if self.provider.client_auth == "query" else "POST",
                grant_type="authorization_code",
                redirect_uri=pending.redirect_uri,
                code=code,
                code_verifier=pending.verifier or None,
            )
        )

    async def refresh(self, tokens: Tokens) -> Reply:
        if self.provider.ask_token:
            grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token or ""}
            return _with_token(await self.provider.ask_token(self, grant))
        return await self._ask_token(
            self._client.fetch_token(
                self.provider.refresh_url or self.provider.exchange_url,
                method="GET" if self.provider.client_auth == "query" else "POST",
                grant_type="refresh_token",
                refresh_token=tokens.refresh_token,
            )
        )

    async def revoke(self, tokens: Tokens) -> None:
        answer = await self._client.revoke_token(
            self.provider.revoke_url, token=tokens.refresh_token or tokens.access_token
        )
        self._raise_for(answer)

    async def get(self, url: str, params: Mapping[str, str] | None = None, bearer: str | None = None) -> Reply:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}

        async def send() -> httpx2.Response:
            answer: httpx2.Response = await self._client.get(url, params=params, headers=headers, auth=None)
            return answer

        return self._reply(await patiently(send))

    async def post(self, url: str, form: Mapping[str, str]) -> Reply:
        """A reading call that happens to be a POST, so it may be made twice."""

        async def send() -> httpx2.Response:
            answer: httpx2.Response = await self._client.post(url, data=form, auth=None)
            return answer

        return self._reply(await patiently(send))

    async def get_once(self, url: str, params: Mapping[str, str]) -> Reply:
        """A call that spends what it sends."""
        return self._reply(await self._client.get(url, params=params, auth=None))

    async def _ask_token(self, asking: Any) -> Reply:
        return _with_token(dict(await asking))

    async def ask_once(self, url: str, form: Mapping[str, str]) -> bytes:
        """The body of an answer that a provider's own code checks."""
        answer: httpx2.Response = await self._client.post(url, data=form, auth=None)
        self._raise_for(answer)
        return answer.content

    def only_sense(self, answer: httpx2.Response) -> httpx2.Response:
        """Authlib's hook: what is not a proper reply never reaches its parser."""
        reply = self._reply(answer)
        reply.pop("expires_at", None)
        if lasts := seconds(reply.pop("expires_in", None)):
            reply["expires_in"] = lasts
        return httpx2.Response(200, json=reply, request=answer.request)

    def _reply(self, answer: httpx2.Response) -> Reply:
        reply = self.provider.parse(answer.content)
        if reply is not None and (failure := self.provider.refusal(reply)):
            raise failure
        self._raise_for(answer)
        if reply is None:
            raise ProviderUnavailable("garbage")
        return reply

    def _raise_for(self, answer: httpx2.Response) -> None:
        if answer.status_code == 429 or answer.status_code >= 500:
            raise ProviderUnavailable(f"http_{answer.status_code}")
        if answer.status_code >= 400:
            raise ProviderRefused(f"http_{answer.status_code}")
        if answer.status_code >= 300:
            raise ProviderUnavailable("redirect")


@asynccontextmanager
async def conversation(at: Registration) -> AsyncIterator[LinkConversation]:
    """Opens a client and turns everything that can go wrong on the line into a ProviderFailure."""
    provider = at.provider
    client = AsyncOAuth2Client(
        client_id=at.client_id,
        client_secret=at.client_secret,
        scope=provider.scope_separator.join(provider.scopes) or None,
        token_endpoint_auth_method=AUTH_METHODS.get(provider.client_auth, provider.client_auth),
        revocation_endpoint_auth_method=AUTH_METHODS.get(provider.client_auth, provider.client_auth),
        code_challenge_method="S256",
        **options(at.allow),
    )
    talk = LinkConversation(at, client)
    client.register_client_auth_method(("query", _secret_in_query(provider)))
    client.register_client_auth_method(("post", _secret_in_body(provider)))
    client.register_compliance_hook("access_token_response", talk.only_sense)
    with only_failures():
        async with client, asyncio.timeout(DEADLINE_SECONDS):
            yield talk


async def completed(at: Registration) -> Registration:
    """A provider with what must be discovered first."""
    with only_failures():
        return await at.completed()


@contextmanager
def only_failures() -> Iterator[None]:
    """Turns whatever goes wrong on the line, or in reading an answer, into a ProviderFailure.

    `from None`: these errors carry the request, and its URL carries secrets.
    """
    try:
        yield
    except (TimeoutError, httpx2.TimeoutException):
        raise ProviderUnavailable("timeout") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ProviderUnavailable(_code(type(error).__name__)) from None
    except OAuthError as error:
        raise ProviderRefused(_code(error.error)) from None
    # An answer of a shape that nobody foresaw is the provider's fault to us, never an error of ours to the person.
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ProviderUnavailable(f"odd_answer:{type(error).__name__}") from None


def _with_token(reply: Reply) -> Reply:
    if token_in(reply, "access_token") is None:
        raise ProviderUnavailable("no_access_token")
    return reply


def standard_refusal(reply: Reply) -> Exception | None:
    """RFC 6749 section 5.2."""
    if "error" not in reply:
        return None
    error = _code(reply["error"])
    if error in ("server_error", "temporarily_unavailable"):
        return ProviderUnavailable(error)
    return ProviderRefused(error)


def _secret_in_query(provider: Provider) -> Any:
    def place(client: Any, method: str, uri: str, headers: Any, body: Any) -> tuple[str, Any, Any]:
        return str(httpx2.URL(uri).copy_merge_params(_secret(provider, client))), headers, body

    return place


def _secret_in_body(provider: Provider) -> Any:
    def place(client: Any, method: str, uri: str, headers: Any, body: bytes) -> tuple[str, Any, bytes]:
        return uri, headers, urlencode([*parse_qsl(body.decode()), *_secret(provider, client).items()]).encode()

    return place


def _secret(provider: Provider, client: Any) -> dict[str, str]:
    return {provider.word("client_id"): client.client_id, provider.word("client_secret"): client.client_secret}


def _in_its_words(url: str, provider: Provider) -> str:
    parsed = httpx2.URL(url)
    params = [(provider.word(name), value) for name, value in parsed.params.multi_items()]
    order = {name: place for place, name in enumerate(provider.authorize_order)}
    params.sort(key=lambda pair: order.get(pair[0], len(order)))
    return str(parsed.copy_with(params=params)) + provider.authorize_fragment


def _code(text: object) -> str:
    """What a provider calls its error, cut to what is fit for a log."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", str(text))[:60]
