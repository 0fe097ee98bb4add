"""Leaving: the person gives notice, and the lease ends with the day that they name."""

from datetime import date
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, booking
from domain.agreements.acts import ActKind
from domain.agreements.agreements import OWING, Agreement
from domain.agreements.standings import AgreementStanding
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.money import rents
from infra import outbox, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.events import declare
from infra.words import N_

AGREEMENT, DAY = ("input", "agreementId"), ("input", "moveOutOn")
NOTICE_GIVEN = declare("notice.given")  # its subject is the agreement


async def give_notice(db: Db, actor: UserActor, agreement_id: UUID, move_out_on: date, key: str) -> Agreement:
    """Once however often it is sent. Refuses NOT_FOUND, NOT_OPEN what has no notice to be given, and INVALID a day too soon or late."""
    input = {"agreementId": agreement_id, "moveOutOn": move_out_on}
    receipt = await receipts.claim(db, actor=actor.name, operation="giveNotice", key=key, input=input)
    agreement = await agreements.lock_own(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    standing = await booking.accrue(db, agreement)
    _refuse_unending(standing)
    _refuse_day(standing, move_out_on)
    await booking.book_act(db, agreement, ActKind.NOTICE, agreement.id, 0, until=move_out_on)
    await leaves.add(db, agreement.user_id, EvidenceKind.AGREEMENT, agreement.id, _evidence_of(standing, move_out_on))
    await outbox.announce(db, NOTICE_GIVEN, user_id=agreement.user_id, subject_id=agreement.id)
    receipt.result_id = agreement.id
    return agreement


def _refuse_unending(standing: AgreementStanding) -> None:
    agreement = standing.agreement
    if agreement.notice_days is None or agreement.status not in OWING:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This agreement has no notice to be given of."), field=AGREEMENT)
    if standing.is_noticed or standing.on > _last_day(standing):
        sentence = N_("This lease ends on {on} already.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT, on=_last_day(standing).isoformat())


def _refuse_day(standing: AgreementStanding, move_out_on: date) -> None:
    last, days = _last_day(standing), standing.agreement.notice_days or 0
    earliest = rents.leaves_from(standing.on, days, last)
    if not earliest <= move_out_on <= last:
        sentence = N_("Notice is given {days} days before: name a day from {first} to {last}.")
        raise invalid(sentence, DAY, days=days, first=earliest.isoformat(), last=last.isoformat())


def _last_day(standing: AgreementStanding) -> date:
    assert standing.ends_on is not None, "a lease in force has a last day"
    return standing.ends_on


def _evidence_of(standing: AgreementStanding, move_out_on: date) -> dict[str, str]:
    return {
        "agreement": str(standing.agreement.id),
        "noticed": standing.on.isoformat(),
        "last": move_out_on.isoformat(),
    }
