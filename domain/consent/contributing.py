"""Contributing: a partner tells facts of a person, with their leave and for as long as it lasts."""

from collections.abc import Sequence
from uuid import UUID

from domain.actors import PartnerActor
from domain.consent import lookups, opening
from domain.consent.consents import Consent
from domain.consent.lookups import LookupAnswer, LookupKind
from domain.facts import contributed, open_readings, readings
from domain.facts.contributed import ToldFact
from domain.facts.open_readings import Opened
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Refusal


async def contribute(db: Db, actor: PartnerActor, token: str, told: Sequence[ToldFact], *, key: str) -> int | Refusal:
    """Write down what a partner tells: all of it or, where one item is wrong, nothing. Answers how many facts it were.

    Refuses INVALID whatever is wrong, each item by its place, and CONSENT_NOT_LIVE, as `opening` does, by returning it.
    """
    receipts.check_key(key)
    contributed.check_size(told)
    consent = await opening.open_with(db, actor, token, LookupKind.CONTRIBUTION)
    if isinstance(consent, Refusal):
        return consent
    said = {"consentToken": token, "facts": [[each.name, str(each.value), each.observed_at] for each in told]}
    receipt = await receipts.claim(db, actor=actor.name, operation="contributeFacts", key=key, input=said)
    if receipt.result_id is None:
        receipt.result_id = await _contribute(db, consent, told)
    return len(told)


async def _contribute(db: Db, consent: Consent, told: Sequence[ToldFact]) -> UUID:
    now = await clock.now(db)
    rows = open_readings.rows_of(contributed.believe(told, now))
    reading = await readings.write(
        db,
        consent.user_id,
        Opened(contributed.source_of(consent.partner_id), rows, simulated=False),
        until=consent.expires_at,
        consent_id=consent.id,
    )
    look = opening.look_at(consent, LookupKind.CONTRIBUTION, now, consent.purpose)
    look.answer = LookupAnswer.TAKEN
    await lookups.keep(db, look)
    user_id = consent.user_id
    await outbox.announce(db, contributed.CONTRIBUTED, user_id=user_id, subject_id=consent.id)
    await outbox.announce(db, contributed.ENDED, user_id=user_id, subject_id=consent.id, due_at=consent.expires_at)
    return reading.id
