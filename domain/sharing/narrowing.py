"""Narrowing: a token that came of one person's consent opens what that consent allows, for as long as it lives."""

from dataclasses import replace

from sqlalchemy import and_, bindparam, select

from domain.actors import KnownActor, PartnerActor
from domain.consent.consents import Consent
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


async def narrowed(found: KnownActor[PartnerActor], subject: str) -> KnownActor[PartnerActor] | None:
    """The client with no more than this consent; None once the consent or what came of it has ended."""
    named = parse_global_id(subject)
    if named is None or named[0] != "Consent":
        return None
    for consent, client_id, ended_at in await _GRANT.ask(consent_id=named[1]):
        if client_id == found.actor.client_id and ended_at is None and consent.is_live(found.at):
            return replace(found, actor=replace(found.actor, consent_id=consent.id))
    return None
