"""A provider as data: what it is called, where it lives, and how its words differ from the standard's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from integrations.replies import Reply, json_object


class Category(StrEnum):
    SOCIAL = "SOCIAL"
    SHOPPING = "SHOPPING"
    PAYMENT = "PAYMENT"


class Pending(Protocol):
    """What we kept when a link was started, to compare with what comes back."""

    @property
    def state(self) -> str: ...
    @property
    def nonce(self) -> str: ...
    @property
    def verifier(self) -> str: ...
    @property
    def redirect_uri(self) -> str: ...


@dataclass(frozen=True)
class Tokens:
    """What lets us ask again. The times are seconds from now, where the provider told them."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: int | None = None
    refresh_expires_in: int | None = None


@dataclass(frozen=True)
class Person:
    """Whom the provider says it is. `subject` is known to one app only; `union_id` to all apps of one owner.

    `display_name` is whatever stood where a name should: it is only shown.
    """

    subject: str
    union_id: str | None = None
    display_name: object = None


@dataclass(frozen=True)
class Withdrawal:
    """A provider's word that somebody took their permission back there."""

    subject: str = field(repr=False)
    at: datetime


class Talk(Protocol):
    """A conversation with a provider, as far as its own words need it."""

    @property
    def at(self) -> "Registration": ...
    @property
    def provider(self) -> "Provider": ...
    async def get(self, url: str, params: Mapping[str, str] | None = None, bearer: str | None = None) -> Reply: ...
    async def post(self, url: str, form: Mapping[str, str]) -> Reply: ...
    async def ask_once(self, url: str, form: Mapping[str, str]) -> bytes: ...
    async def get_once(self, url: str, params: Mapping[str, str]) -> Reply: ...


@dataclass(frozen=True)
class Provider:
    """How one provider speaks OAuth. URLs are the real ones, from its public documentation."""

    key: str
    name: str
    category: Category
    reads: tuple[str, ...]
    authorize_url: str
    exchange_url: str
    identify: Callable[[Talk, Reply, Pending], Awaitable[Person]]
    read: Callable[[Talk, str, Tokens, str, Mapping[str, str]], Awaitable[Reply]]
    refusal: Callable[[Reply], Exception | None]  # the error that hides in a reply, though its status may be 200
    parse: Callable[[bytes], Reply | None] = json_object
    revoke: Callable[[Talk, Tokens], Awaitable[None]] | None = None  # where it is not RFC 7009
    ask_token: Callable[[Talk, Mapping[str, str]], Awaitable[Reply]] | None = None  # where it is not RFC 6749
    userinfo_url: str = ""
    refresh_url: str = ""  # empty: the token URL
    revoke_url: str = ""
    api_url: str = ""
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    words: Mapping[str, str] = field(default_factory=dict)  # the standard's parameter -> this provider's
    authorize_order: tuple[str, ...] = ()
    authorize_extra: Mapping[str, str] = field(default_factory=dict)
    authorize_fragment: str = ""
    address: Callable[["Registration", Pending], str] | None = None  # where to send a person, if it is no OAuth page
    client_auth: Literal["basic", "post", "query", "none"] = "post"
    code_name: str = "code"
    is_openid: bool = False
    family: str = ""  # whose accounts these are, where several keys are doors to the same; empty: the key's own
    issuer: str = ""  # of the one OpenID provider that this is; empty where the operator names it
    has_pkce: bool = False  # RFC 7636; OpenID providers always
    needs: tuple[str, ...] = ("client_secret",)  # of what we got when we registered, besides the client's id
    reads_keys: Mapping[str, Callable[[str], object]] = field(default_factory=dict)  # which of them are keys
    can_refresh: bool = False
    refresh_expiry_name: str = "refresh_expires_in"
    refresh_seconds: int | None = (
        None  # how long a refresh token lasts, where its documents say so and its replies do not
    )
    serves_once: bool = False  # a refresh token is spent by its first use
    # Whose renewed tokens are, where the reply to a renewal proves it in another way.
    prove_renewed: Callable[[Talk, Reply], Awaitable[str | None]] | None = None
    subject_names: tuple[str, ...] = ()  # under which a token's reply tells whose it is
    ended: frozenset[str] = frozenset({"invalid_grant"})  # reasons of refusals by which a person's permission is over
    # Reads a provider's word that somebody took their permission back there. Raises ProviderRefused where it is not its word.
    hear_withdrawal: Callable[["Registration", Mapping[str, str]], Withdrawal] | None = None
    complete: Callable[["Registration"], Awaitable["Provider"]] | None = None  # asks for what must be discovered
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # Purchase and repayment history, which no real provider gives: an extension of the sandbox alone.
    history: str = ""
    reads_simulated: tuple[str, ...] = ()

    def moved_to(self, base: str) -> "Provider":
        """This provider with its hosts replaced: where the sandbox speaks its dialect."""
        return replace(
            self,
            authorize_url=_moved(self.authorize_url, base),
            exchange_url=_moved(self.exchange_url, base),
            userinfo_url=_moved(self.userinfo_url, base),
            refresh_url=_moved(self.refresh_url, base),
            revoke_url=_moved(self.revoke_url, base),
            api_url=_moved(self.api_url, base),
            history=_moved(self.history, base),
        )

    @property
    def can_revoke(self) -> bool:
        return bool(self.revoke_url)

    def word(self, standard: str) -> str:
        return self.words.get(standard, standard)


@dataclass(frozen=True)
class Registration:
    """Our account as an app at a provider."""

    provider: Provider
    client_id: str
    client_secret: str = field(default="", repr=False)
    issuer: str = ""
    allow: frozenset[str] = frozenset()  # "host:port" that may be called though it is private
    simulated: bool = False
    private_key: str = field(default="", repr=False)  # ours; PEM, or base64 of DER, as consoles hand them out
    public_key: str = ""  # the provider's

    @property
    def reads(self) -> tuple[str, ...]:
        """What we read, as sentences for the person."""
        return self.provider.reads + (self.provider.reads_simulated if self.simulated else ())

    async def completed(self) -> "Registration":
        if self.provider.complete is None:
            return self
        return replace(self, provider=await self.provider.complete(self))


def _moved(url: str, base: str) -> str:
    return base + urlsplit(url).path if "://" in url else url
