"""What no real provider gives: history, from the sandbox's extension endpoint alone. All of it is simulated."""

from datetime import UTC, datetime
from typing import Any

from domain.facts.open_readings import Observed
from domain.facts.vocabulary import VOCABULARY, FactType
from integrations.providers.conversations import completed, conversation
from integrations.providers.descriptions import Registration
from integrations.providers.failures import ProviderUnavailable
from integrations.providers.flow import Identity


async def read_facts(at: Registration, identity: Identity, as_of: datetime) -> list[Observed]:
    """What the account tells as of a moment; nothing at a real provider, which has no such endpoint."""
    if not at.simulated or not at.provider.history:
        return []
    at = await completed(at)
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
        kind, value, at = VOCABULARY[fact["name"]], fact["value"], datetime.fromisoformat(fact["observed_at"])
        at = min(at.astimezone(UTC), as_of)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ProviderUnavailable("bad_history") from None
    # What decides is read strictly, and what a person says of themselves is theirs alone to say.
    if kind.name.startswith("profile.") or not _is_of_its_type(kind.type, value):
        raise ProviderUnavailable("bad_history")
    return Observed(kind.name, value, at)


def _is_of_its_type(type_: FactType, value: object) -> bool:
    match type_:
        case FactType.FLAG:
            return isinstance(value, bool)
        case FactType.NUMBER | FactType.MONEY:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case FactType.TEXT | FactType.DATE:
            return False  # no provider has one to tell
