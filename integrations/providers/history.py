"""What no real provider gives: history, from the sandbox's extension endpoint alone. All of it is simulated."""

from datetime import datetime
from typing import Any

from domain.facts.readings import Observed
from domain.facts.vocabulary import VOCABULARY
from integrations.providers.conversations import conversation
from integrations.providers.descriptions import Registration
from integrations.providers.failures import ProviderUnavailable
from integrations.providers.flow import Identity


async def read_facts(at: Registration, identity: Identity, as_of: datetime) -> list[Observed]:
    """What the account tells as of a moment; nothing at a real provider, which has no such endpoint."""
    if not at.simulated or not at.provider.history:
        return []
    at = await at.completed()
    async with conversation(at) as talk:
        reply = await at.provider.read(
            talk, at.provider.history, identity.tokens, identity.subject, {"as_of": as_of.isoformat()}
        )
    facts = reply.get("facts")
    if not isinstance(facts, list):
        raise ProviderUnavailable("no_history")
    return [_observed(fact, as_of) for fact in facts]


def _observed(fact: Any, as_of: datetime) -> Observed:
    try:
        name, value, at = fact["name"], fact["value"], datetime.fromisoformat(fact["observed_at"])
    except (KeyError, TypeError, ValueError):
        raise ProviderUnavailable("bad_history") from None
    if name not in VOCABULARY or not isinstance(value, (int, float, bool, str)) or at.tzinfo is None:
        raise ProviderUnavailable("bad_history")
    return Observed(name, value, min(at, as_of))
