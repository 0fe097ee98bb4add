"""Budget: how much a person, a partner's client, or a network of visitors may cost us in a request, a minute, and at once."""

import asyncio
from typing import NamedTuple

from api.graphql.context import Context
from api.graphql.errors import REFUSED_SECONDS, RateLimited
from domain.actors import PartnerActor
from infra import limiter, vault
from infra.setting_parts import Rate
from infra.settings import settings

_bursts, _tabs = limiter.Bursts(), limiter.Tabs()


class Budget(NamedTuple):
    """Counted in fields. `at_once`: what one process works out without a pause; what is more waits its time. None: nothing waits."""

    cost: int
    per_minute: int
    at_once: int | None = None


def budget_of(asker: Context) -> Budget:
    limits = settings().request_limits
    match asker.actor:
        case None:
            return Budget(limits.visitor_cost, limits.visitor_cost_per_minute, limits.visitor_cost_per_burst)
        case PartnerActor():
            return Budget(limits.cost, limits.client_cost_per_minute, limits.client_cost_per_burst)
    return Budget(limits.cost, limits.cost_per_minute)


def names_of(asker: Context) -> list[tuple[str, int]]:
    """Who is charged, and how many times a budget they have; a partner's clients have one each."""
    if isinstance(asker.actor, PartnerActor):
        return [(f"client:{asker.actor.client_id}", 1)]
    if asker.actor:
        return [(asker.actor.name, 1)]
    # Valkey sees a keyed hash, never an address.
    return [(vault.blind_index("cost-ip", network).hex()[:32], times) for network, times in asker.networks]


async def charge_for(asker: Context, cost: int) -> None:
    """Raises RateLimited for who asks for more than their budget."""
    budget = budget_of(asker)
    if budget.at_once is not None:
        await _draw_out(asker, budget.per_minute, budget.at_once, cost)
    await _count(asker, "cost", budget.per_minute, max(cost, 1))


async def count_request(asker: Context) -> None:
    """Raises RateLimited for a client that asks too often, however little; others are bounded by what they cost."""
    if isinstance(asker.actor, PartnerActor):
        await _count(asker, "requests", settings().request_limits.client_requests_per_minute, 1)


async def _count(asker: Context, what: str, per_minute: int, cost: int) -> None:
    rate = Rate(times=per_minute, seconds=60)
    for name, times in names_of(asker):
        if await _tabs.is_over(rate.widened(times), what, name, cost=cost):
            await asyncio.sleep(REFUSED_SECONDS)
            raise RateLimited


async def _draw_out(asker: Context, per_minute: int, at_once: int, cost: int) -> None:
    """A burst takes its time, so that others are answered in between."""
    delays = [
        _bursts.delay(name, cost, at_once=times * at_once, per_second=max(1.0, times * per_minute / 60))
        for name, times in names_of(asker)
    ]
    if delay := max(delays):
        await asyncio.sleep(delay)
