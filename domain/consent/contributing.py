"""Contributing: a partner tells facts of a person, with their leave and for as long as it lasts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.actors import PartnerActor
from domain.consent import lookups, opening
from domain.consent.consents import Consent
from domain.consent.lookups import LookupAnswer, LookupKind
from domain.facts import contributed, open_readings, readings
from domain.facts.contributed import ToldFact, ToldPerformance
from domain.facts.loan_reports import LoanReport
from domain.facts.open_readings import Observed, Opened
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Refusal


async def contribute(db: Db, actor: PartnerActor, token: str, told: Sequence[ToldFact], *, key: str) -> int | Refusal:
    """Write down what a partner tells: all of it or, where one item is wrong, nothing. Answers how many facts it were.

    Refuses INVALID whatever is wrong, each item by its place, and CONSENT_NOT_LIVE, as `opening` does, by returning it.
    """
    receipts.check_key(key)
    contributed.check_size(told)
    with receipts.waiting():
        consent = await opening.open_with(db, actor, token, LookupKind.CONTRIBUTION)
    if isinstance(consent, Refusal):
        return consent
    said = {"consentToken": token, "facts": [*map(_hashed, told)]}
    receipt = await receipts.claim(db, actor=actor.name, operation="contributeFacts", key=key, input=said)
    if receipt.result_id is None:
        receipt.result_id = await _contribute(db, consent, told)
    return len(told)


def _hashed(fact: ToldFact) -> list[object]:
    of_loan = [fact.loan.reference, fact.loan.opened_on] if fact.loan else []
    return [fact.name, str(fact.value), fact.observed_at, *of_loan]


async def _contribute(db: Db, consent: Consent, told: Sequence[ToldFact]) -> UUID:
    now = await clock.now(db)
    believed = contributed.believe(told, now)
    if believed.facts:
        await _keep_facts(db, consent, believed.facts)
    db.add_all(_report(consent, performance, now) for performance in believed.performances)
    look = opening.look_at(consent, LookupKind.CONTRIBUTION, now, consent.purpose)
    look.answer = LookupAnswer.TAKEN
    await lookups.keep(db, look)
    return look.id


async def _keep_facts(db: Db, consent: Consent, facts: Sequence[Observed]) -> None:
    """They count in the score until the consent ends."""
    user_id, until = consent.user_id, consent.expires_at
    told = Opened(contributed.source_of(consent.partner_id), open_readings.rows_of(facts), simulated=False)
    await readings.write(db, user_id, told, until=until, consent_id=consent.id)
    await outbox.announce(db, contributed.CONTRIBUTED, user_id=user_id, subject_id=consent.id)
    await outbox.announce(db, contributed.ENDED, user_id=user_id, subject_id=consent.id, due_at=until)


def _report(consent: Consent, told: ToldPerformance, now: datetime) -> LoanReport:
    return LoanReport(
        user_id=consent.user_id,
        partner_id=consent.partner_id,
        consent_id=consent.id,
        loan=told.loan.reference,
        opened_on=told.loan.opened_on,
        how=told.how,
        observed_at=told.observed_at,
        told_at=now,
    )
