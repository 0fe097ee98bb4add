"""Narrowing: a token that came of one person's consent opens what that consent allows, for as long as it lives."""

from dataclasses import replace

from sqlalchemy import and_, bindparam, select

from domain.actors import KnownActor, PartnerActor
from domain.consent.consents import Consent
from domain.people import partner_tokens
from domain.people.partner_tokens import PartnerToken
from domain.sharing.share_grants import ShareGrant
from infra.ids import global_id, parse_global_id
from infra.questions import Question

_GRANT = Question(
    lambda: (
        select(Consent, ShareGrant.client_id, ShareGrant.ended_at)
        .join(ShareGrant, and_(ShareGrant.user_id == Consent.user_id, ShareGrant.consent_id == Consent.id))
        .where(Consent.id == bindparam("consent_id"))
    )
)


def subject_of(consent: Consent) -> str:
    """The name that a partner knows the person by: the consent's, which tells nothing of any other that they gave."""
    return global_id("Consent", consent.id)


async def actor_of(token: PartnerToken) -> KnownActor[PartnerActor] | None:
    """Who asks with a token, and with how much; None where the token, its client, or the consent that it came of has ended."""
    found = await partner_tokens.find_partner(token)
    return await _narrowed(found, token.subject) if found and token.subject else found


async def _narrowed(found: KnownActor[PartnerActor], subject: str) -> KnownActor[PartnerActor] | None:
    named = parse_global_id(subject)
    if named is None or named[0] != "Consent":
        return None
    for consent, client_id, ended_at in await _GRANT.ask(consent_id=named[1]):
        if client_id == found.actor.client_id and ended_at is None and consent.is_live(found.at):
            return replace(found, actor=replace(found.actor, consent_id=consent.id))
    return None
