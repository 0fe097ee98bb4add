"""Linking an account, as a story: start, the person goes to the provider, complete. No transaction waits for a provider."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from domain.actors import UserActor
from domain.credit.assessing import points_gained
from domain.facts import link_requests, putting_in_force
from domain.facts.accounts import LinkedAccount
from domain.facts.link_lives import SUBJECT
from domain.facts.link_requests import AccountLinkRequest, RequestStatus
from infra import clock
from infra.database import Db, transact, transaction
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.settings import settings
from infra.words import N_
from integrations.kept_tokens import KeptTokens, kept_tokens
from integrations.providers import flow
from integrations.providers.conversations import completed
from integrations.providers.descriptions import Registration
from integrations.providers.failures import ProviderFailure, ProviderRefused, ProviderUnavailable
from integrations.providers.history import read_facts
from integrations.registrations import registration

log = structlog.get_logger()

REDIRECT = ("input", "redirectUri")
CALLBACK = ("input", "callbackUrl")
ADDRESS_MAX = 4000
APP_SCHEME = "longan://"

# Whatever a provider does, a person is told how their link ended within ten seconds.
ASK_SECONDS_MAX = 9
LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class StartedLink:
    """A request, and where to send the person for it."""

    request: AccountLinkRequest
    authorization_url: str


async def start(actor: UserActor, provider_key: str, redirect_uri: str) -> StartedLink:
    """Refuses an unknown provider, a foreign redirect, and PROVIDER_UNAVAILABLE where a provider must be discovered first."""
    at = registration(provider_key)
    if at is None:
        raise not_found(N_("There is no such provider."), ("input", "provider"))
    if not _may_return_to(redirect_uri):
        raise invalid(N_("A link can only return to the app or to a registered address."), REDIRECT)
    try:
        started = await flow.begin(at, redirect_uri)
    except ProviderFailure as failure:
        log.warning("link.not_started", provider=provider_key, reason=failure.reason)
        raise _refusal(failure) from None

    async def open_request(db: Db) -> AccountLinkRequest:
        return await link_requests.open(
            db,
            actor,
            provider=provider_key,
            redirect_uri=redirect_uri,
            state=started.state,
            nonce=started.nonce or None,
            verifier=started.verifier or None,
        )

    return StartedLink(await transact(open_request), started.authorization_url)


async def complete(actor: UserActor, callback_url: str) -> LinkedAccount:
    """Consume the state, ask the provider, record. The same address in the same session answers the same account.

    Whatever goes wrong in between ends the request; one that a crash left CALLING is over when its time is up.
    """
    if len(callback_url) > ADDRESS_MAX:
        raise invalid(N_("This address is too long."), CALLBACK)
    taken = await _take(actor, flow.state_of(callback_url))
    if isinstance(taken, LinkedAccount):
        return taken
    try:
        proof = await _prove(taken, callback_url)
        return await transact(lambda db: _record(db, actor, taken.request, proof))
    except ProviderFailure as failure:
        await _remember(taken.request, failure.reason)
        raise _refusal(failure) from None
    except Refusal as refusal:
        await _remember(taken.request, refusal.code)
        raise
    except BaseException as error:
        # Our own fault, or a server that is stopping: the person must not wait for a request that nobody works on.
        await asyncio.shield(_remember(taken.request, type(error).__name__))
        raise


@dataclass(frozen=True)
class _Taken:
    """A request that is ours to complete, with what we compare the provider's answer with."""

    request: AccountLinkRequest
    state: str
    nonce: str
    verifier: str
    now: datetime

    @property
    def redirect_uri(self) -> str:
        return self.request.redirect_uri


@dataclass(frozen=True)
class _Proof:
    """What the provider has proven, in the domain's words."""

    identity: flow.Identity
    family: str
    observed: list[Any]
    simulated: bool
    kept: KeptTokens

    @property
    def subject(self) -> str:
        return self.identity.subject

    @property
    def union_id(self) -> str | None:
        return self.identity.union_id

    @property
    def display_name(self) -> str | None:
        return self.identity.display_name

    @property
    def scopes(self) -> list[str]:
        return list(self.identity.granted_scopes)

    @property
    def tokens(self) -> dict[str, Any]:
        return {**self.kept.tokens, SUBJECT: self.subject}

    @property
    def renew_at(self) -> datetime | None:
        return self.kept.renew_at

    @property
    def ends_at(self) -> datetime | None:
        return self.kept.ends_at


async def _take(actor: UserActor, state: str) -> _Taken | LinkedAccount:
    """The request, ours alone from now on; or the account, where it was completed before."""
    while True:
        async with transaction() as db:
            request = await link_requests.find(db, actor, state)
            if request.status == RequestStatus.LINKED:
                return await db.get_one(LinkedAccount, (request.user_id, request.account_id))
            now = await clock.now(db)
            if request.status != RequestStatus.CALLING or request.expires_at <= now:
                request, secrets = await link_requests.consume(db, actor, state)
                return _Taken(request, state, secrets.nonce or "", secrets.verifier or "", now)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _prove(taken: _Taken, callback_url: str) -> _Proof:
    at = _registration(taken.request.provider)
    try:
        async with asyncio.timeout(ASK_SECONDS_MAX):
            identity = await flow.finish(at, callback_url, taken)
            observed = await read_facts(at, identity, taken.now)
            at = await completed(at)
    except TimeoutError:
        raise ProviderUnavailable("timeout") from None
    kept = kept_tokens(at, identity.tokens, taken.now)
    return _Proof(identity, at.provider.family or at.provider.key, observed, at.simulated, kept)


async def _record(db: Db, actor: UserActor, request: AccountLinkRequest, proof: _Proof) -> LinkedAccount:
    return await putting_in_force.record_link(
        db, actor, request, proof, proof.observed, simulated=proof.simulated, weigh=points_gained
    )


async def _remember(request: AccountLinkRequest, reason: str) -> None:
    log.warning("link.failed", provider=request.provider, reason=reason)
    async with transaction() as db:
        await link_requests.record_failure(db, request, reason)


def _registration(key: str) -> Registration:
    at = registration(key)
    if at is None:
        raise ProviderRefused("no_longer_configured")
    return at


def _refusal(failure: ProviderFailure) -> Refusal:
    if failure.reason == "denied":
        sentence = N_("You did not give permission there, so nothing was linked.")
    elif isinstance(failure, ProviderRefused):
        sentence = N_("The provider did not confirm this link. Please start again.")
    else:
        sentence = N_("The provider is not answering right now. Please start again in a few minutes.")
    code = RefusalCode.PROVIDER_REFUSED if isinstance(failure, ProviderRefused) else RefusalCode.PROVIDER_UNAVAILABLE
    return Refusal(code, sentence)


def _may_return_to(redirect_uri: str) -> bool:
    if not redirect_uri.isprintable() or " " in redirect_uri or "#" in redirect_uri or len(redirect_uri) > ADDRESS_MAX:
        return False
    return redirect_uri.startswith(APP_SCHEME) or redirect_uri in settings().link_redirects
