"""Reading again: a decision that cannot wait asks linked accounts what they tell now, and waits for none of them longer than this."""

import asyncio
from uuid import UUID

import structlog

from domain.credit.assessing import points_gained
from domain.facts import link_lives
from domain.facts.link_lives import HeldTokens
from domain.facts.open_readings import Observed, Opened, rows_of
from infra.database import Db, reading, transact
from integrations.kept_tokens import as_tokens
from integrations.providers.descriptions import Registration
from integrations.providers.failures import ProviderFailure
from integrations.providers.flow import Identity
from integrations.providers.history import read_facts
from integrations.registrations import registration

log = structlog.get_logger()

WITHIN_SECONDS = 3.0  # of the five that somebody waits; the decision itself takes less than one


async def read_again(user_id: UUID, *, waited: float = 0.0) -> tuple[str, ...]:
    """Let what this person's accounts tell now count. Answers the providers of which nothing came in time, by name.

    `waited`: the seconds that the person has waited already, which are theirs.
    """
    async with reading() as db:
        held = await link_lives.readable(db, user_id)
    asked = {
        asyncio.ensure_future(_ask(at, each)): (at, each) for each in held if (at := _that_tells(each)) is not None
    }
    if not asked:
        return ()
    done, late = await asyncio.wait(asked, timeout=max(0.0, WITHIN_SECONDS - waited))
    for task in late:
        task.cancel()
    told = [(*asked[task], observed) for task in done if (observed := task.result()) is not None]
    if told:
        await transact(lambda db: _record(db, told))
    answered = {each.account_id for _, each, _ in told}
    return tuple(sorted(each.provider for _, each in asked.values() if each.account_id not in answered))


def _that_tells(held: HeldTokens) -> Registration | None:
    """Where an account is read, if there is anything to read and something to read it by."""
    at = registration(held.provider)
    if at is None or not (at.simulated and at.provider.history):
        return None
    return at if held.subject and held.tokens.get("access_token") else None


async def _ask(at: Registration, held: HeldTokens) -> list[Observed] | None:
    """What the account tells now; None where its provider is away or refuses."""
    tokens, subject = as_tokens(held.tokens, held.at), held.subject or ""
    who = Identity(subject=subject, union_id=None, display_name=None, tokens=tokens, granted_scopes=())
    try:
        return await read_facts(at, who, held.at)
    except ProviderFailure as failure:
        log.warning("link.not_read_again", provider=held.provider, reason=failure.reason)
        return None


async def _record(db: Db, told: list[tuple[Registration, HeldTokens, list[Observed]]]) -> None:
    for at, held, observed in told:
        opened = Opened(held.provider, rows_of(observed), at.simulated)
        await link_lives.record_reading(db, held, opened, points_gained)
