"""Drawing: from a wish for money within the limit to a payout that a partner is told to make, and what became of it."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from domain import stops
from domain.actors import PartnerActor, UserActor
from domain.agreements import agreements, booking, counting
from domain.agreements.acts import ActKind
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.draw_downs import LIFE, PAID_OUT_WITHIN, PAYOUT, PAYOUT_REQUESTED, DrawDown, DrawDownStatus
from domain.agreements.kinds import KINDS
from domain.agreements.limits import transfer_of
from domain.agreements.standings import AgreementStanding, standing_of
from domain.deadlines import deadlines
from domain.ledger.kinds import AccountKind
from domain.ledger.posting import NotPosted, post
from domain.ledger.transfers import Cause, CauseKind
from domain.people import gates
from domain.people.payment_accounts import PaymentAccount
from domain.stops import StopKind
from infra import clock, outbox, receipts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.money import Money
from infra.words import N_

AMOUNT, ACCOUNT, AGREEMENT = ("input", "amount"), ("input", "paymentAccountId"), ("input", "agreementId")
DRAW_DOWN, OUTCOME = ("input", "drawDownId"), ("input", "outcome")
REFERENCE_MAX = 128


class PayoutOutcome(StrEnum):
    SETTLED = "SETTLED"
    FAILED = "FAILED"


async def draw(
    db: Db, actor: UserActor, agreement_id: UUID, amount: Money, account_id: UUID | None, key: str
) -> DrawDown:
    """Draw once however often it is sent: the amount is reserved, and the partner is told to pay it out.

    Refuses NOT_FOUND, INVALID, NOT_OPEN, NOT_ALLOWED, STEP_UP_REQUIRED, RATE_LIMITED, and LIMIT_EXCEEDED beyond what may be drawn.
    """
    input = {"agreementId": agreement_id, "amount": [amount.minor, amount.currency], "paymentAccountId": account_id}
    receipt = await receipts.claim(db, actor=actor.name, operation="drawDown", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(DrawDown, (actor.user_id, receipt.result_id))
    await counting.refuse_too_often(db, actor.user_id, "drawDown")
    agreement = await agreements.lock_own(db, actor, agreement_id)
    await _refuse_stopped(db, agreement)
    standing = await booking.accrue(db, agreement)
    refuse_undrawable(standing, amount)
    await gates.refuse_unchecked(db, actor, amount)
    account = await _account(db, actor, account_id)
    drawn = await send(db, standing, account.id, amount.minor)
    receipt.result_id = drawn.id
    return drawn


async def _refuse_stopped(db: Db, agreement: Agreement) -> None:
    await stops.refuse(db, StopKind.PAYOUTS, field=AGREEMENT)
    await stops.refuse(db, StopKind.DRAW_DOWNS, agreement.partner_id, agreement.product_id, field=AGREEMENT)


def refuse_undrawable(standing: AgreementStanding, amount: Money) -> None:
    agreement = standing.agreement
    if not KINDS[agreement.kind].is_drawn:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Nothing is drawn of this agreement."), field=AGREEMENT)
    if agreement.status is AgreementStatus.OVERDUE:
        sentence = N_("An instalment is late. Please pay it first; then you can draw again.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT)
    if agreement.status is AgreementStatus.PAUSED:
        sentence = N_("This agreement is paused, so nothing can be drawn.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT)
    if agreement.status not in (AgreementStatus.PENDING, AgreementStatus.ACTIVE):
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("This agreement is over, so nothing more can be drawn."), field=AGREEMENT
        )
    if standing.ends_on is not None and standing.on >= standing.ends_on:
        sentence = N_("The last instalment is due, so nothing more can be drawn.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT)
    if amount.currency != agreement.currency or amount.minor <= 0:
        sentence = N_("Draw an amount above zero, in {currency}.")
        raise invalid(sentence, AMOUNT, currency=agreement.currency)


async def _account(db: Db, actor: UserActor, account_id: UUID | None) -> PaymentAccount:
    """Locked, so that nobody removes it meanwhile."""
    mine = select(PaymentAccount).where(PaymentAccount.user_id == actor.user_id, PaymentAccount.removed_at.is_(None))
    which = PaymentAccount.is_default if account_id is None else PaymentAccount.id == account_id
    account = (await db.execute(mine.where(which).with_for_update())).scalar_one_or_none()
    if account is None and account_id is None:
        raise invalid(N_("Add a payment account first, so that the money has somewhere to go."), ACCOUNT)
    if account is None:
        raise not_found(N_("We could not find this payment account."), ACCOUNT)
    return account


async def send(db: Db, standing: AgreementStanding, account_id: UUID, amount: int) -> DrawDown:
    """Reserve it, and tell the partner to pay it out. Refuses LIMIT_EXCEEDED beyond what may be drawn."""
    agreement = standing.agreement
    drawn = DrawDown(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        partner_id=agreement.partner_id,
        payment_account_id=account_id,
        amount=amount,
        withheld=share_of_fee(standing, amount),
        currency=agreement.currency,
        sent_at=await clock.now(db),
    )
    reserve = Cause(CauseKind.DRAW_DOWN, drawn.id)
    on = await clock.today(db)
    try:
        await post(db, [transfer_of(agreement, reserve, AccountKind.RESERVED, AccountKind.DRAWABLE, amount, on)])
    except NotPosted as refused:
        raise beyond_limit(refused.code, standing) from refused
    db.add(drawn)
    due_at = drawn.sent_at + PAID_OUT_WITHIN
    await deadlines.begin(db, PAYOUT, drawn.user_id, drawn.id, agreement.id, due_at)
    await agreements.touch(db, agreement)
    await outbox.announce(db, PAYOUT_REQUESTED, user_id=drawn.user_id, subject_id=drawn.id)
    return drawn


def beyond_limit(code: RefusalCode, standing: AgreementStanding) -> Refusal:
    left = Money(standing.drawable, standing.agreement.currency)
    sentence = N_("You can draw up to {most} {currency} now.")
    return Refusal(code, sentence, field=AMOUNT, most=str(left), currency=left.currency)


def share_of_fee(standing: AgreementStanding, amount: int) -> int:
    """What this draw-down bears of the fee of all: together they never bear more, and all of them bear all of it."""
    agreement = standing.agreement
    so_far = min(agreement.amount, standing.drawn + amount)
    return max(0, agreement.fee * so_far // agreement.amount - standing.withheld)


async def report(
    db: Db, actor: PartnerActor, draw_down_id: UUID, outcome: PayoutOutcome, reference: str | None, key: str
) -> DrawDown:
    """What a partner says became of a payout. Said again, it is the same; refuses NOT_FOUND, INVALID, and STALE what contradicts it."""
    if reference is not None and len(reference) > REFERENCE_MAX:
        raise invalid(N_("A reference has up to {most} characters."), ("input", "reference"), most=REFERENCE_MAX)
    input = {"drawDownId": draw_down_id, "outcome": outcome, "reference": reference}
    receipt = await receipts.claim(db, actor=actor.name, operation="reportPayout", key=key, input=input)
    its = select(DrawDown.user_id).where(DrawDown.id == draw_down_id, DrawDown.partner_id == actor.partner_id)
    user_id = (await db.execute(its)).scalar_one_or_none()
    if user_id is None:
        raise not_found(N_("We could not find this draw-down."), DRAW_DOWN)
    drawn = await conclude(db, user_id, draw_down_id, outcome, reference)
    receipt.result_id = drawn.id
    return drawn


async def conclude(
    db: Db, user_id: UUID, draw_down_id: UUID, outcome: PayoutOutcome, reference: str | None, on: date | None = None
) -> DrawDown:
    """Settled, it is owed from that day on; failed, it can be drawn again. Refuses STALE another end than it had."""
    agreement_id = (await db.get_one(DrawDown, (user_id, draw_down_id))).agreement_id
    agreement = await agreements.lock(db, user_id, agreement_id)
    assert agreement is not None, "a draw-down is of an agreement"
    drawn = await db.get_one(DrawDown, (user_id, draw_down_id), populate_existing=True, with_for_update=True)
    status = DrawDownStatus(outcome)
    if drawn.status is status:
        return drawn
    if drawn.status is not DrawDownStatus.SENT:
        sentence = N_("This payout was reported before, and ended otherwise.")
        raise Refusal(RefusalCode.STALE, sentence, field=OUTCOME)
    await deadlines.end(db, PAYOUT, user_id, drawn.id)
    drawn.ended_at, drawn.reference = await clock.now(db), reference
    await LIFE.move(db, drawn, status)
    if status is DrawDownStatus.SETTLED:
        await booking.book_act(db, agreement, ActKind.ADVANCE, drawn.id, drawn.amount, withheld=drawn.withheld, on=on)
        await outbox.announce(db, agreements.DRAWN, user_id=user_id, subject_id=agreement.id)
    else:
        await _release(db, agreement, drawn)
    return drawn


async def _release(db: Db, agreement: Agreement, drawn: DrawDown) -> None:
    cause, on = Cause(CauseKind.PAYOUT_FAILED, drawn.id), await clock.today(db)
    await post(db, [transfer_of(agreement, cause, AccountKind.DRAWABLE, AccountKind.RESERVED, drawn.amount, on)])
    await booking.restate(db, await standing_of(db, agreement))
