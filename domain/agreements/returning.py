"""Returning: goods go back to the partner, who takes back all of them or a part, or says why not; then what was paid for them."""

from uuid import UUID

from domain.actors import PartnerActor, UserActor
from domain.agreements import agreements, booking, counting, delivering, goods_returns, handovers, moving, repaying
from domain.agreements.acts import ActKind
from domain.agreements.agreements import OWING, Agreement, AgreementStatus
from domain.agreements.goods_returns import LIFE, GoodsReturn, ReturnStatus
from domain.agreements.kinds import KINDS
from domain.agreements.standings import standing_of
from domain.applications import offers
from domain.deadlines import deadlines, working_days
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.money import Money
from infra.words import N_

AGREEMENT, REASON, AMOUNT = ("input", "agreementId"), ("input", "reason"), ("input", "amount")
WORDS_MAX = 500
ANSWERED_WITHIN_DAYS = 7  # working days, in which the goods travel and are looked at
Status = AgreementStatus


async def ask(db: Db, actor: UserActor, agreement_id: UUID, reason: str, key: str) -> Agreement:
    """Send the goods back, once however often it is said: nothing is late until the partner has answered, which it is to do
    within seven working days.

    Goods that the partner alone has reported are confirmed by it. Refuses NOT_FOUND, RATE_LIMITED, INVALID, and NOT_OPEN what
    was not delivered or cannot be returned any more.
    """
    receipt = await receipts.claim(
        db, actor=actor.name, operation="returnGoods", key=key, input={"agreementId": agreement_id, "reason": reason}
    )
    agreement = await agreements.lock_own(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    await counting.refuse_too_often(db, actor.user_id, "returnGoods")
    reason = _trim(reason)
    await _refuse_unreturnable(db, agreement)
    sealed = (await vault.seal_of(db, actor.user_id)).close(reason, goods_returns.REASON)
    now = await clock.now(db)
    promised_by = working_days.end_after(now, ANSWERED_WITHIN_DAYS)
    asked = GoodsReturn(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        reason_sealed=sealed,
        asked_at=now,
        promised_by=promised_by,
    )
    db.add(asked)
    await deadlines.begin(db, goods_returns.ANSWERED, agreement.user_id, asked.id, agreement.id, promised_by)
    await moving.move(db, agreement, Status.RETURNING, *AGREEMENT)
    receipt.result_id = agreement.id
    return agreement


async def _refuse_unreturnable(db: Db, agreement: Agreement) -> None:
    if not KINDS[agreement.kind].is_delivered:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing of this agreement can be returned."), field=AGREEMENT)
    if agreement.status is Status.RETURNING:
        raise Refusal(RefusalCode.NOT_OPEN, N_("It is on its way back already."), field=AGREEMENT)
    handover = await handovers.of_agreement(db, agreement)
    if handover is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing was delivered yet that could be returned."), field=AGREEMENT)
    if agreement.status not in (Status.PENDING, *OWING) or await clock.now(db) >= handover.returnable_until:
        sentence = N_("This can be returned for {days} days after the delivery; they are over.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT, days=handovers.RETURNABLE.days)
    if handover.confirmed_at is None:
        await delivering.conclude(db, agreement, handover)


def _trim(words: str) -> str:
    if not words.strip() or len(words) > WORDS_MAX:
        raise invalid(N_("Say why, in up to {most} characters."), REASON, most=WORDS_MAX)
    return words.strip()


async def take_back(db: Db, actor: PartnerActor, agreement_id: UUID, amount: Money | None, key: str) -> Agreement:
    """The partner has the goods again, and takes back so much of the price; all of it where no amount is named.

    Without all of it the agreement goes on with fewer instalments. What was paid too much begins its way back. Refuses
    NOT_FOUND, NOT_OPEN where nothing is on its way back, INVALID, and LIMIT_EXCEEDED more than the goods still cost.
    """
    input = {"agreementId": agreement_id, "amount": amount and [amount.minor, amount.currency]}
    receipt = await receipts.claim(db, actor=actor.name, operation="confirmReturn", key=key, input=input)
    agreement = await agreements.lock_of_partner(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    asked = await _asked(db, agreement)
    price, fee = await _left_of(db, agreement)
    asked.amount = _amount(amount, agreement, price)
    asked.fee = fee * asked.amount // price
    await _end(db, asked, ReturnStatus.TAKEN_BACK)
    handover = await handovers.of_agreement(db, agreement)
    assert handover is not None, "nothing returns that was not delivered"
    is_all = asked.amount == price
    await moving.move(db, agreement, Status.UNWOUND if is_all else Status.ACTIVE)
    if is_all:
        await offers.end(db, (agreement.user_id, agreement.offer_id))
    standing = await booking.book_act(
        db, agreement, ActKind.RETURN, asked.id, asked.amount, withheld=asked.fee, on=handover.delivered_on
    )
    await repaying.give_back_credit(db, standing)
    await outbox.announce(db, agreements.TAKEN_BACK, user_id=agreement.user_id, subject_id=agreement.id)
    receipt.result_id = agreement.id
    return agreement


async def refuse(db: Db, actor: PartnerActor, agreement_id: UUID, reason: str, key: str) -> Agreement:
    """The partner does not take the goods back, and says why: the agreement goes on. Refuses NOT_FOUND, NOT_OPEN and INVALID."""
    input = {"agreementId": agreement_id, "reason": reason}
    receipt = await receipts.claim(db, actor=actor.name, operation="refuseReturn", key=key, input=input)
    agreement = await agreements.lock_of_partner(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    asked, reason = await _asked(db, agreement), _trim(reason)
    asked.answer_sealed = (await vault.seal_of(db, agreement.user_id)).close(reason, goods_returns.ANSWER)
    await _end(db, asked, ReturnStatus.REFUSED)
    await moving.move(db, agreement, Status.ACTIVE)
    await booking.accrue(db, agreement)
    await outbox.announce(db, agreements.RETURN_REFUSED, user_id=agreement.user_id, subject_id=agreement.id)
    receipt.result_id = agreement.id
    return agreement


async def _asked(db: Db, agreement: Agreement) -> GoodsReturn:
    if agreement.status is not Status.RETURNING:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing of this agreement is on its way back."), field=AGREEMENT)
    return await goods_returns.newest_of(db, agreement)


async def _left_of(db: Db, agreement: Agreement) -> tuple[int, int]:
    """What of price and fee was not taken back before."""
    acts = (await standing_of(db, agreement)).acts
    returned = [act for act in acts if act.kind is ActKind.RETURN]
    return agreement.amount - sum(act.amount for act in returned), agreement.fee - sum(act.withheld for act in returned)


def _amount(wanted: Money | None, agreement: Agreement, price: int) -> int:
    if wanted is None:
        return price
    if wanted.currency != agreement.currency or wanted.minor <= 0:
        raise invalid(N_("Take back an amount above zero, in {currency}."), AMOUNT, currency=agreement.currency)
    if wanted.minor > price:
        sentence = N_("You can take back up to {most} {currency}.")
        most = Money(price, agreement.currency)
        raise Refusal(RefusalCode.LIMIT_EXCEEDED, sentence, field=AMOUNT, most=str(most), currency=most.currency)
    return wanted.minor


async def _end(db: Db, asked: GoodsReturn, status: ReturnStatus) -> None:
    asked.ended_at = await clock.now(db)
    await deadlines.end(db, goods_returns.ANSWERED, asked.user_id, asked.id)
    await LIFE.move(db, asked, status)
