"""Keeping links, as a story: tokens renewed before they end, ends foretold, and tokens given back when an account is unlinked.

No transaction waits for a provider. An answer that is not understood changes nothing; only what a provider calls the end of a permission
ends it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from domain.credit.assessing import points_gained
from domain.facts import link_lives, orphaned_tokens
from domain.facts.link_lives import HeldTokens, Key
from domain.facts.orphaned_tokens import OrphanedTokens
from infra import clock, outbox, schedules
from infra.database import Db, reading, transact, transaction
from infra.entity import Json
from infra.events import declare
from integrations.kept_tokens import as_tokens, can_be_renewed, kept_tokens
from integrations.providers import flow
from integrations.providers.conversations import completed
from integrations.providers.descriptions import Provider
from integrations.providers.failures import ProviderFailure, ProviderRefused, ProviderUnavailable
from integrations.registrations import registration

log = structlog.get_logger()

DUE, GOES_ON = declare("account.links_due"), declare("account.links_go_on")
EVERY = timedelta(minutes=5)
AT_ONCE = 10
SOME = 100
# How long a provider that is away is asked at once to take tokens back; then they wait without their account.
ASKED_TO_REVOKE = timedelta(hours=1)

schedules.recur(DUE, EVERY)


async def keep_some() -> None:
    """Renew and age the accounts that are due, and say so where more are left."""
    async with reading() as db:
        renewing = await link_lives.to_renew(db, SOME)
        aging = await link_lives.to_age(db, SOME)
    turns = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for key in renewing:
            group.create_task(_in_turn(turns, key))
    for key in aging:
        await transact(lambda db, key=key: link_lives.age(db, key))  # type: ignore[misc]
    if SOME in (len(renewing), len(aging)):
        async with transaction() as db:
            await outbox.announce(db, GOES_ON)


async def _in_turn(turns: asyncio.Semaphore, key: Key) -> None:
    async with turns:
        await renew(key)


async def renew(key: Key) -> None:
    """Exchange the tokens of an account for new ones; nobody else does at the same time."""
    held = await transact(lambda db: link_lives.take_to_renew(db, key))
    at = registration(held.provider) if held else None
    if held is None or at is None:
        return
    try:
        at = await completed(at)
        tokens = as_tokens(held.tokens, held.at)
        if can_be_renewed(at, tokens):
            tokens = await flow.refresh(at, tokens, held.is_of)
    except ProviderRefused as refused:
        log.warning("link.not_renewed", provider=held.provider, reason=refused.reason)
        await _believe(at.provider, held, refused.reason)
    except ProviderFailure as failure:
        log.warning("link.not_renewed", provider=held.provider, reason=failure.reason)
    else:
        fresh = kept_tokens(at, tokens, held.at)
        await transact(lambda db: link_lives.record_renewal(db, held, fresh))


async def _believe(provider: Provider, held: HeldTokens, reason: str) -> None:
    if reason not in provider.ended:
        await transact(lambda db: link_lives.record_refusal(db, held))
    elif held.was_unanswered and provider.serves_once:
        await transact(lambda db: link_lives.record_lost(db, held))
    else:
        await transact(lambda db: link_lives.record_revoked(db, held, points_gained))


async def take_leave(key: Key, since: datetime) -> None:
    """Give the tokens of an unlinked account back, and forget them. Raises ProviderUnavailable where it is worth trying again.

    What somebody linked meanwhile is forgotten alone: to give it back would end their permission too.
    """
    async with reading() as db:
        held, now = await link_lives.take_unlinked(db, key), await clock.now(db)
    if held is None:
        return
    end: Callable[[Db, HeldTokens], Awaitable[bool]] = link_lives.forget_tokens
    try:
        await _revoke(held.provider, held.tokens, held.at)
    except ProviderFailure as failure:
        if isinstance(failure, ProviderUnavailable):
            if now - since < ASKED_TO_REVOKE:
                raise
            end = orphaned_tokens.leave_behind
    if not await transact(lambda db: end(db, held)):
        # A renewal that was under way brought others, which whoever takes leave gives back too.
        await take_leave(key, since)


async def give_back(id: UUID) -> None:
    """Give back what was left behind by an account whose provider was away."""
    async with reading() as db:
        left, now = await db.get(OrphanedTokens, id), await clock.now(db)
    if left is None:
        return
    try:
        await _revoke(left.provider, left.tokens, now)
    except ProviderUnavailable:
        await transact(lambda db: orphaned_tokens.try_later(db, left))
        return
    except ProviderFailure:
        pass  # they open nothing any more
    await transact(lambda db: orphaned_tokens.forget(db, id))


async def _revoke(provider: str, kept: Json, now: datetime) -> None:
    at, tokens = registration(provider), as_tokens(kept, now)
    if at is None or not tokens.access_token:
        return
    async with reading() as db:
        if await link_lives.lives_on(db, provider, kept.get(link_lives.SUBJECT)):
            return
    try:
        await flow.revoke(at, tokens)
    except ProviderFailure as failure:
        log.warning("link.not_revoked", provider=provider, reason=failure.reason)
        raise
