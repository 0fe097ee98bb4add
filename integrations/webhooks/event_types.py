"""Event type: what a partner can be told of, by the word that its payloads say, and which events of ours tell it."""

from collections.abc import Mapping
from enum import StrEnum

from domain.agreements import agreements, deposits, draw_downs, leaving
from domain.applications import applications
from domain.consent import consents
from domain.redeemed import REDEEMED


class EventType(StrEnum):
    APPLICATION_SUBMITTED = "application.submitted"
    APPLICATION_WITHDRAWN = "application.withdrawn"
    APPLICATION_DECIDED = "application.decided"
    APPLICATION_REFERRED = "application.referred"
    APPLICATION_DELAYED = "application.delayed"
    OFFER_ACCEPTED = "offer.accepted"
    OFFER_EXPIRED = "offer.expired"
    PAYOUT_REQUESTED = "payout.requested"
    AGREEMENT_DRAWN = "agreement.drawn"
    AGREEMENT_CANCELLED = "agreement.cancelled"
    AGREEMENT_REPAID = "agreement.repaid"
    AGREEMENT_OVERDUE = "agreement.overdue"
    AGREEMENT_REPLANNED = "agreement.replanned"
    AGREEMENT_RETURNING = "agreement.returning"
    AGREEMENT_SETTLED = "agreement.settled"
    AGREEMENT_UNWOUND = "agreement.unwound"
    NOTICE_GIVEN = "notice.given"
    CLAIM_DISPUTED = "claim.disputed"
    CLAIM_DECIDED = "claim.decided"
    CONSENT_GRANTED = "consent.granted"
    CONSENT_REVOKED = "consent.revoked"
    BENEFIT_REDEEMED = "benefit.redeemed"


OF_APPLICATIONS: Mapping[str, EventType] = {
    applications.SUBMITTED: EventType.APPLICATION_SUBMITTED,
    applications.WITHDRAWN: EventType.APPLICATION_WITHDRAWN,
    applications.APPROVED: EventType.APPLICATION_DECIDED,
    applications.DECLINED: EventType.APPLICATION_DECIDED,
    applications.REFERRED: EventType.APPLICATION_REFERRED,
    applications.DELAYED: EventType.APPLICATION_DELAYED,
    applications.ACCEPTED: EventType.OFFER_ACCEPTED,
    applications.EXPIRED: EventType.OFFER_EXPIRED,
}
# Their subject is the consent.
OF_CONSENTS: Mapping[str, EventType] = {
    consents.GRANTED: EventType.CONSENT_GRANTED,
    consents.REVOKED: EventType.CONSENT_REVOKED,
}
OF_AGREEMENTS: Mapping[str, EventType] = {
    agreements.DRAWN: EventType.AGREEMENT_DRAWN,
    agreements.CANCELLED: EventType.AGREEMENT_CANCELLED,
    agreements.REPAID: EventType.AGREEMENT_REPAID,
    agreements.OVERDUE: EventType.AGREEMENT_OVERDUE,
    agreements.REPLANNED: EventType.AGREEMENT_REPLANNED,
    agreements.RETURNING: EventType.AGREEMENT_RETURNING,
    agreements.SETTLED: EventType.AGREEMENT_SETTLED,
    agreements.UNWOUND: EventType.AGREEMENT_UNWOUND,
    leaving.NOTICE_GIVEN: EventType.NOTICE_GIVEN,
    deposits.CLAIM_DISPUTED: EventType.CLAIM_DISPUTED,
    deposits.CLAIM_DECIDED: EventType.CLAIM_DECIDED,
}
# Their subject is the draw-down.
OF_PAYOUTS: Mapping[str, EventType] = {draw_downs.PAYOUT_REQUESTED: EventType.PAYOUT_REQUESTED}
# Their subject is the redemption, and they name the partner themselves.
OF_BENEFITS: Mapping[str, EventType] = {REDEEMED: EventType.BENEFIT_REDEEMED}
TYPES: Mapping[str, EventType] = {**OF_APPLICATIONS, **OF_CONSENTS, **OF_AGREEMENTS, **OF_PAYOUTS, **OF_BENEFITS}

assert set(TYPES.values()) == set(EventType), "each type is told of"
