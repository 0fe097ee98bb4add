"""Consenting: a person lets a partner ask about them, and takes it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.consent import consent_tokens, consents
from domain.consent.consents import Consent, ConsentScope, Purpose
from domain.people import gates, worlds
from domain.people.partners import Partner
from infra import clock, receipts
from infra.database import Db
from infra.errors import invalid, not_found
from infra.receipts import Receipt
from infra.words import N_

DAYS_MAX = 365
SHOWN_FOR = timedelta(hours=24)
PARTNER, SCOPES, DAYS = ("input", "partnerId"), ("input", "scopes"), ("input", "days")
CONSENT = ("input", "consentId")


@dataclass(frozen=True)
class Granted:
    """A consent, and the token for its partner; None once it was shown for a day."""

    consent: Consent
    token: str | None


async def grant(
    db: Db,
    actor: UserActor,
    partner_id: UUID,
    purpose: Purpose,
    scopes: Sequence[ConsentScope],
    days: int,
    *,
    key: str,
) -> Granted:
    """Let a partner ask about this person from now on, for one purpose.

    Refuses INVALID no scopes and days beyond a year, NOT_FOUND another partner, and NOT_ALLOWED whoever is leaving; nothing is
    then left behind.
    """
    told = {"partnerId": str(partner_id), "purpose": purpose, "scopes": sorted(set(scopes)), "days": days}
    receipt = await receipts.claim(db, actor=actor.name, operation="grantConsent", key=key, input=told)
    if receipt.result_id is not None:
        return await _granted_before(db, actor, receipt)
    if not scopes:
        raise invalid(N_("Choose what they may see."), SCOPES)
    if not 1 <= days <= DAYS_MAX:
        raise invalid(N_("A consent lasts 1 to {most} days."), DAYS, most=DAYS_MAX)
    known = select(Partner.id).where(Partner.id == partner_id, worlds.meet(actor.user_id, Partner.id))
    if (await db.execute(known)).first() is None:
        raise not_found(N_("We could not find this partner."), PARTNER)
    await gates.refuse_closing(db, actor)
    consent = await consents.give(db, actor.user_id, partner_id, purpose, scopes, lasts=timedelta(days=days))
    await db.flush()
    receipt.result_id = consent.id
    return Granted(consent, consent_tokens.token_of(consent))


async def revoke(db: Db, actor: UserActor, consent_id: UUID) -> Consent:
    """Take a consent back: whoever asks from now on is refused. Taken back again it stays as it is. Refuses NOT_FOUND."""
    its = select(Consent).where(Consent.user_id == actor.user_id, Consent.id == consent_id)
    consent = (await db.execute(its.with_for_update())).scalar_one_or_none()
    if consent is None:
        raise not_found(N_("We could not find this consent."), CONSENT)
    await consents.take_back(db, consent, await clock.now(db))
    return consent


async def _granted_before(db: Db, actor: UserActor, receipt: Receipt) -> Granted:
    consent = await db.get_one(Consent, (actor.user_id, receipt.result_id))
    is_shown = _is_fresh(receipt, await clock.now(db))
    return Granted(consent, consent_tokens.token_of(consent) if is_shown else None)


def _is_fresh(receipt: Receipt, now: datetime) -> bool:
    return now < receipt.created_at + SHOWN_FOR
