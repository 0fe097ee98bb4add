"""Withdrawing: a provider tells that a person took their permission back there, or wants what it told us deleted."""

import secrets
from collections.abc import Mapping

import structlog

from domain.credit.assessing import points_gained
from domain.facts import link_lives
from infra import vault
from infra.database import transact
from integrations.providers.descriptions import Registration
from integrations.providers.failures import ProviderRefused
from integrations.registrations import registration

log = structlog.get_logger()
CODE_BYTES = 12


async def withdraw(provider: str, form: Mapping[str, str], *, to_forget: bool) -> str:
    """Do what the provider says, and answer a code by which a person can see that it was done. Said twice it is done once.

    Raises ProviderRefused where it is not the provider's word.
    """
    at = registration(provider)
    hear = at.provider.hear_withdrawal if at else None
    if at is None or hear is None:
        raise ProviderRefused("tells_no_withdrawals")
    said = hear(at, form)
    await transact(
        lambda db: link_lives.record_withdrawal(db, provider, said.subject, said.at, points_gained, to_forget=to_forget)
    )
    log.info("link.forgotten_there" if to_forget else "link.withdrawn_there", provider=provider)
    return _signed(provider, secrets.token_hex(CODE_BYTES))


def of_code(provider: str, code: str) -> Registration | None:
    """The provider at whose word we forgot, if this is a code of ours; no code says whose."""
    is_ours = secrets.compare_digest(_signed(provider, code[: 2 * CODE_BYTES]).encode(), code.encode())
    return registration(provider) if is_ours else None


def _signed(provider: str, number: str) -> str:
    return number + vault.mac(f"withdrawal:{provider}", number.encode()).hex()[: 2 * CODE_BYTES]
