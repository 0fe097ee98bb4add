"""Consent token: what the app hands to a partner, whose client shows it with each question. It is worked out, never stored."""

from uuid import UUID

from domain.consent.consents import Consent
from infra.sealed_tokens import SealedToken

_TOKEN = SealedToken("lct_", "consent-token", length=32)


def token_of(consent: Consent) -> str:
    """A consent's token, which is always the same."""
    return _TOKEN.of(consent.user_id.bytes + consent.id.bytes)


def opened(token: str) -> tuple[UUID, UUID] | None:
    """Whose consent it is for, and which; None where it is none of ours."""
    said = _TOKEN.opened(token)
    return (UUID(bytes=said[:16]), UUID(bytes=said[16:])) if said is not None else None
