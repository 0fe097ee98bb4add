"""Waiving: one of the staff gives up the late fee of an instalment, as if it had never been charged; and where it is ours that it is
late, it costs none by itself.
"""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from domain import changes
from domain.actors import StaffActor
from domain.agreements import agreements, booking, repaying
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement
from domain.agreements.movements import Movement
from domain.agreements.standings import AgreementStanding, standing_of
from domain.permissions import Permission
from infra import outbox
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.money import Money
from infra.words import N_

NOUN = "late-fee"


class WhyWaived(StrEnum):
    OUR_MISTAKE = "OUR_MISTAKE"
    ON_ITS_WAY = "ON_ITS_WAY"  # the money had left them in time
    BAD_TIMES = "BAD_TIMES"
    GOODWILL = "GOODWILL"


async def waive(db: Db, actor: StaffActor, agreement_id: UUID, number: int, why: WhyWaived) -> AgreementStanding:
    """Let instalment `number` cost no late fee, paid or not; said again, it is the same.

    What was paid of it counts for what else is owed, and goes back where nothing is. Refuses NOT_ALLOWED, NOT_FOUND, and
    NOT_OPEN where there is no late fee.
    """
    actor.require(Permission.WAIVE_LATE_FEES)
    agreement = await _lock(db, actor, agreement_id)
    before = await standing_of(db, agreement)
    if number in before.late_fees_waived:
        return before
    charged = _charged(before, number)
    if charged is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This instalment costs no late fee."), field=("number",))
    after, fee = await _give_up(db, agreement, charged), charged.penalties
    if agreement.ended_at is not None:
        await repaying.give_back_credit(db, after)
    said = {"fee": str(Money(fee, agreement.currency)), "currency": agreement.currency, "why": None}
    gone = {**said, "fee": str(Money(0, agreement.currency)), "why": why.value}
    await changes.record(db, actor, NOUN, f"{agreement.id}/{number}", before=said, after=gone)
    owner, about = agreement.user_id, agreement.id
    await outbox.announce(db, agreements.LATE_FEE_WAIVED, user_id=owner, subject_id=about, number=number)
    return after


async def spare(db: Db, standing: AgreementStanding, numbers: Collection[int]) -> AgreementStanding:
    """Let these instalments cost no late fee of which it is ours that they are late; the agreement's row is held."""
    for charged in [_charged(standing, number) for number in sorted(numbers)]:
        if charged is not None:
            standing = await _give_up(db, standing.agreement, charged)
    return standing


async def _give_up(db: Db, agreement: Agreement, charged: Movement) -> AgreementStanding:
    kind, fee = ActKind.LATE_FEE_WAIVED, charged.penalties
    return await booking.book_act(db, agreement, kind, charged.id, fee, on=charged.on, number=charged.number)


async def _lock(db: Db, actor: StaffActor, id: UUID) -> Agreement:
    its = agreements.visible_to(actor).with_only_columns(Agreement.user_id).where(Agreement.id == id)
    user_id = (await db.execute(its)).scalar_one_or_none()
    agreement = await agreements.lock(db, user_id, id) if user_id else None
    if agreement is None:
        raise not_found(N_("We could not find this agreement."), ("agreement",))
    return agreement


def _charged(standing: AgreementStanding, number: int) -> Movement | None:
    """The newest line of the late fee of this instalment, as it stands; None where there is none."""
    lines = [each for each in standing.movements if each.is_late_fee and each.number == number]
    return lines[-1] if lines and number in standing.late_fees else None
