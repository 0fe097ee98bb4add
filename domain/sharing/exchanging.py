"""Exchanging: a client gives a code for tokens, and a refresh token for newer ones.

Whatever is not as it must be is refused alike, as None, so that nobody learns what would have been right. What betrays that
two hold a secret ends all that came of it.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.consent import consents
from domain.consent.consents import Consent
from domain.people.partners import PartnerClient
from domain.sharing import share_grants
from domain.sharing.share_grants import IDLE_MAX, ShareGrant
from infra import clock
from infra.database import Db

# For this long the refresh token before the newest one answers the same newest one again: replies get lost, and a client
# must not be logged out for it. A thief gains nothing: they are given what the client holds too, and the second of the two
# to use that ends the family.
RETRY_WINDOW = timedelta(seconds=30)


@dataclass(frozen=True)
class Exchanged:
    grant: ShareGrant
    consent: Consent

    @property
    def renewable_until(self) -> datetime:
        """Where nobody renews it, and the person lets it be."""
        assert self.grant.renewed_at is not None, "it was exchanged"
        return min(self.grant.renewed_at + IDLE_MAX, self.consent.expires_at)


async def exchange(db: Db, client: PartnerClient, code: str, redirect_uri: str, challenge: str) -> Exchanged | None:
    """What a code brings, once, to the client that it was given to, at its address and with its verifier's challenge.

    A code that comes a second time was stolen on one of both ways: then tokens and consent end, whoever came first.
    """
    grant = await share_grants.of_code(db, code)
    if grant is None or not grant.is_of(client):
        return None
    now = await clock.now(db)
    if grant.exchanged_at is not None:
        await _take_all_back(db, grant, now)
        return None
    is_right = hmac.compare_digest(grant.redirect_uri.encode(), redirect_uri.encode())
    is_right &= hmac.compare_digest(grant.code_challenge.encode(), challenge.encode())
    consent = await share_grants.consent_of(db, grant)
    if not is_right or not grant.takes_code(now) or consent is None:
        return None
    grant.exchanged_at = grant.renewed_at = now
    return Exchanged(grant, consent)


async def renew(db: Db, client: PartnerClient, refresh_token: str) -> Exchanged | None:
    """Newer tokens for the newest refresh token; an older one ends the family, but for a moment's retry."""
    found = await _of_living(db, client, refresh_token)
    if found is None:
        return None
    exchanged, generation = found
    grant, now = exchanged.grant, await clock.now(db)
    if generation == grant.generation:
        grant.generation, grant.renewed_at = generation + 1, now
    elif not _is_retry(grant, generation, now):
        await share_grants.end(db, grant)
        return None
    return exchanged


async def look_at(db: Db, client: PartnerClient, refresh_token: str) -> Exchanged | None:
    """What the newest refresh token of a family can be renewed by; nothing is used up. None for any other token."""
    found = await _of_living(db, client, refresh_token)
    return found[0] if found and found[1] == found[0].grant.generation else None


async def _of_living(db: Db, client: PartnerClient, refresh_token: str) -> tuple[Exchanged, int] | None:
    """The family of a refresh token and its generation, while the family lives and is this client's."""
    found = await share_grants.of_refresh_token(db, refresh_token)
    if found is None or not found[0].is_of(client):
        return None
    grant, generation = found
    if not grant.is_offline or grant.ended_at is not None or grant.renewed_at is None:
        return None
    consent = await share_grants.consent_of(db, grant)
    if consent is None or await clock.now(db) >= grant.renewed_at + IDLE_MAX:
        return None
    return Exchanged(grant, consent), generation


def _is_retry(grant: ShareGrant, generation: int, now: datetime) -> bool:
    assert grant.renewed_at is not None
    return generation == grant.generation - 1 and now - grant.renewed_at <= RETRY_WINDOW


async def revoke(db: Db, client: PartnerClient, refresh_token: str) -> bool:
    """End the family of a refresh token, of whichever generation. False for another client's, which stays as it is."""
    found = await share_grants.of_refresh_token(db, refresh_token)
    if found is None:
        return True
    is_theirs = found[0].is_of(client)
    if is_theirs:
        await share_grants.end(db, found[0])
    return is_theirs


async def _take_all_back(db: Db, grant: ShareGrant, now: datetime) -> None:
    """The consent's own token came of the code too, so the consent ends with it."""
    await share_grants.end(db, grant)
    consent = await share_grants.consent_of(db, grant, to_change=True)
    if consent is not None:
        await consents.take_back(db, consent, now)
