"""What is kept of a provider's tokens: they themselves, when they are renewed, and when the person's permission is over."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.facts.link_lives import WARNED_BEFORE
from infra.entity import Json
from integrations.providers.descriptions import Registration, Tokens

# Before its end, as a share of its life: so many times a provider may be away before anything is lost.
RENEWED_BEFORE = 0.1
RENEWED_DAILY = timedelta(days=1)


@dataclass(frozen=True)
class KeptTokens:
    """Tokens with the moments at which they end, where the provider told how long they last.

    `ends_at` is None where nobody told, and where a permission of hours cannot be renewed: that was for one reading.
    """

    tokens: Json = field(repr=False)
    renew_at: datetime | None
    ends_at: datetime | None


def kept_tokens(at: Registration, tokens: Tokens, now: datetime) -> KeptTokens:
    """`at`: with what must be discovered first."""
    expires_at, refresh_expires_at = _after(now, tokens.expires_in), _after(now, tokens.refresh_expires_in)
    kept: Json = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": expires_at and expires_at.isoformat(),
        "refresh_expires_at": refresh_expires_at and refresh_expires_at.isoformat(),
    }
    if not can_be_renewed(at, tokens):
        goes_on = expires_at is not None and expires_at - now > WARNED_BEFORE
        return KeptTokens(kept, renew_at=None, ends_at=expires_at if goes_on else None)
    life = expires_at - now if expires_at else RENEWED_DAILY
    return KeptTokens(kept, renew_at=now + life * (1 - RENEWED_BEFORE), ends_at=refresh_expires_at)


def can_be_renewed(at: Registration, tokens: Tokens) -> bool:
    return at.provider.can_refresh and bool(tokens.refresh_token)


def as_tokens(kept: Json, now: datetime) -> Tokens:
    """The tokens as they were kept, with the seconds that they still last. Invented people have none."""
    return Tokens(
        access_token=kept.get("access_token", ""),
        refresh_token=kept.get("refresh_token"),
        expires_in=_until(now, kept.get("expires_at")),
        refresh_expires_in=_until(now, kept.get("refresh_expires_at")),
    )


def _after(now: datetime, seconds: int | None) -> datetime | None:
    return now + timedelta(seconds=seconds) if seconds else None


def _until(now: datetime, moment: str | None) -> int | None:
    return max(1, int((datetime.fromisoformat(moment) - now).total_seconds())) if moment else None
