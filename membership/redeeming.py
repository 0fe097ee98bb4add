"""Redeeming: a person takes one use of a benefit, shows its voucher, or gives it back; a partner confirms that it was used."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from domain.actors import PartnerActor, UserActor
from domain.ledger import posting
from domain.ledger.kinds import AccountKind
from domain.ledger.transfers import Cause, CauseKind, transfer
from domain.people import gates
from infra import clock, outbox, receipts, texts
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.words import N_
from membership import coming_back, grants, quotas, redemptions
from membership.benefits import HELD, LAST_ENDED, Benefit, BenefitSource
from membership.campaigns import budgets
from membership.grants import Grant
from membership.members import Member
from membership.redemptions import LIFE, Redemption, RedemptionStatus, VoucherOwner

BENEFIT, REDEMPTION, VOUCHER = (("input", name) for name in ("benefitId", "redemptionId", "voucher"))
NOT_FOUND = N_("We could not find this voucher.")
REFERENCE_LENGTH_MAX = 200


async def redeem(db: Db, actor: UserActor, *, benefit_id: UUID, key: str) -> Redemption:
    """One voucher for one use. Refuses NOT_ELIGIBLE where the benefit is not held, and QUOTA_SPENT until it is whole again,
    where a campaign that alone grants it has spent its budget, or where they hold many vouchers of it that they do not use.
    NOT_ALLOWED whoever is leaving.
    """
    said = {"benefit": benefit_id}
    receipt = await receipts.claim(db, actor=actor.name, operation="redeem_benefit", key=key, input=said)
    if receipt.result_id is not None:
        return await db.get_one(Redemption, (actor.user_id, receipt.result_id))
    await gates.refuse_closing(db, actor)
    now = await clock.now(db)
    benefit, joined_at = await _held(db, actor.user_id, benefit_id, now)
    period = quotas.period_of(benefit, joined_at, now)
    if not await quotas.take(db, actor.user_id, benefit, period):
        whole_at = quotas.resets_at(benefit, joined_at, now)
        spent = N_("You have used up this benefit for now.")
        raise Refusal(RefusalCode.QUOTA_SPENT, spent, field=BENEFIT, retry_at=whole_at)
    if benefit.quota is None:
        await _refuse_hoarding(db, actor.user_id, benefit, now)
    await coming_back.note_spent(db, actor.user_id, benefit.id)
    campaign_id = await budgets.charge(db, actor.user_id, benefit)
    issued = Redemption(
        user_id=actor.user_id,
        benefit_id=benefit.id,
        period=period,
        issued_at=now,
        expires_at=now + redemptions.VALID,
        unit_cost_minor=benefit.unit_cost_minor,
        member_value_minor=benefit.member_value.minor,
        currency=benefit.currency,
        campaign_id=campaign_id,
    )
    mark = redemptions.hash_of(issued.voucher)
    db.add_all([issued, VoucherOwner(hash=mark, user_id=actor.user_id, redemption_id=issued.id)])
    await outbox.announce(
        db, redemptions.EXPIRY_DUE, user_id=actor.user_id, subject_id=issued.id, due_at=issued.expires_at
    )
    receipt.result_id = issued.id
    await db.flush()
    return issued


async def cancel(db: Db, actor: UserActor, redemption_id: UUID) -> Redemption:
    """Give a voucher back that was not used; its use counts no more. Refuses NOT_FOUND, NOT_OPEN."""
    issued = await redemptions.lock(db, actor.user_id, redemption_id)
    if issued is None:
        raise not_found(NOT_FOUND, REDEMPTION)
    if issued.status is not RedemptionStatus.CANCELLED:
        await _release(db, issued, RedemptionStatus.CANCELLED)
    return issued


async def expire(db: Db, user_id: UUID, redemption_id: UUID) -> None:
    issued = await redemptions.lock(db, user_id, redemption_id)
    if issued is not None and issued.status is RedemptionStatus.ISSUED:
        await _release(db, issued, RedemptionStatus.EXPIRED)


async def confirm(db: Db, actor: PartnerActor, *, voucher: str, reference: str | None, key: str) -> Redemption:
    """A partner's word that a voucher was used, once; from then on it costs and counts. Refuses NOT_FOUND, NOT_OPEN."""
    said = {"voucher": redemptions.hash_of(voucher).hex(), "reference": reference}
    receipt = await receipts.claim(db, actor=actor.name, operation="confirm_redemption", key=key, input=said)
    issued = await redemptions.locked_by_voucher(db, actor, voucher)
    benefit = await db.get_one(Benefit, issued.benefit_id) if issued else None
    if issued is None or benefit is None or benefit.partner_id not in (None, actor.partner_id):
        raise not_found(NOT_FOUND, VOUCHER)
    if receipt.result_id is None:
        await _use(db, actor, issued, reference)
        receipt.result_id = issued.id
    return issued


async def _held(db: Db, user_id: UUID, benefit_id: UUID, now: datetime) -> tuple[Benefit, datetime]:
    """The benefit, and since when its holder is a member."""
    held = (
        select(Benefit, Member.joined_at, LAST_ENDED)
        .join(Grant, Grant.benefit_id == Benefit.id)
        .join(Member, Member.user_id == Grant.user_id)
        .outerjoin(BenefitSource, grants.ITS_SOURCE)
        .where(Grant.user_id == user_id, Benefit.id == benefit_id, Benefit.status.in_(HELD))
        .group_by(Benefit.id, Member.user_id)
    )
    found = (await db.execute(held)).one_or_none()
    if found is None or not grants.is_honoured(found[0], found[1], now, found[2]):
        raise Refusal(RefusalCode.NOT_ELIGIBLE, N_("This benefit is not among yours now."), field=BENEFIT)
    return found[0], found[1]


async def _refuse_hoarding(db: Db, user_id: UUID, benefit: Benefit, now: datetime) -> None:
    """What one may use as often as one likes one does not keep a store of. Two wishes at once wait for each other at the quota."""
    soonest = await redemptions.soonest_end_of_open(db, user_id, benefit.id, now)
    if soonest is not None:
        sentence = N_("You hold {most} vouchers of this benefit. Use one of them, or give one back.")
        raise Refusal(RefusalCode.QUOTA_SPENT, sentence, field=BENEFIT, retry_at=soonest, most=redemptions.OPEN_MAX)


async def _release(db: Db, issued: Redemption, to: RedemptionStatus) -> None:
    await LIFE.move(db, issued, to, *REDEMPTION)
    await quotas.give_back(db, issued.user_id, issued.benefit_id, issued.period)
    await coming_back.note_spent(db, issued.user_id, issued.benefit_id)
    await budgets.give_back(db, issued)


async def _use(db: Db, actor: PartnerActor, issued: Redemption, reference: str | None) -> None:
    now = await clock.now(db)
    if issued.status is RedemptionStatus.ISSUED and issued.expires_at <= now:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This voucher has expired."), field=VOUCHER)
    LIFE.require(issued.status, RedemptionStatus.USED, *VOUCHER)
    issued.used_at, issued.partner_id = now, actor.partner_id
    if reference is not None:
        issued.reference = texts.line(reference, REFERENCE_LENGTH_MAX, ("input", "reference"))
    await LIFE.move(db, issued, RedemptionStatus.USED, *VOUCHER, partner_id=str(actor.partner_id))
    if issued.unit_cost_minor:
        await posting.post(
            db,
            [
                transfer(
                    Cause(CauseKind.BENEFIT, issued.id),
                    AccountKind.BENEFITS,
                    AccountKind.BENEFITS_OWED,
                    issued.unit_cost_minor,
                    currency=issued.currency,
                    user_id=issued.user_id,
                    subject_id=issued.id,
                    partner_id=actor.partner_id,
                    value_on=await clock.today(db),
                )
            ],
        )
