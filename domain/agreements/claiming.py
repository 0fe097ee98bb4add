"""Claiming: a partner wants some of a deposit, the person says no or lets it stand, and staff decide how much of it is right."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from domain import changes
from domain.actors import PartnerActor, StaffActor, UserActor
from domain.agreements import agreements, claims, deposits, moving_out
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.claims import Claim, ClaimStatus
from domain.agreements.deposits import Deposit, DepositStatus
from domain.agreements.limits import transfer_of
from domain.agreements.standings import AgreementStanding, standing_of
from domain.deadlines import deadlines
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.ledger.kinds import AccountKind as K
from domain.ledger.posting import post
from domain.ledger.transfers import Cause, CauseKind
from domain.permissions import Permission
from infra import clock, outbox, receipts, texts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.money import Money
from infra.words import N_

AGREEMENT, AMOUNT, CLAIM = ("input", "agreementId"), ("input", "amount"), ("input", "claimId")
WORDS_MAX = 500
DECIDED_WITHIN_DAYS = 7
DAY = timedelta(days=1)


async def claim(db: Db, actor: PartnerActor, agreement_id: UUID, amount: Money, reason: str, key: str) -> Agreement:
    """Once for a deposit, and once however often it is sent. Refuses NOT_FOUND, INVALID, and NOT_OPEN what cannot be claimed now."""
    reason = texts.line(reason, WORDS_MAX, ("input", "reason"))
    input = {"agreementId": agreement_id, "amount": [amount.minor, amount.currency], "reason": reason}
    receipt = await receipts.claim(db, actor=actor.name, operation="claimDamage", key=key, input=input)
    agreement = await agreements.lock_of_partner(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    deposit = await _claimable(db, await standing_of(db, agreement))
    if amount.currency != deposit.currency or not 0 < amount.minor <= deposit.amount:
        sentence = N_("Claim an amount above zero, up to the deposit of {most} {currency}.")
        raise invalid(sentence, AMOUNT, most=str(deposit.money), currency=deposit.currency)
    await _make(db, agreement, deposit, amount, reason)
    receipt.result_id = agreement.id
    return agreement


async def _claimable(db: Db, standing: AgreementStanding) -> Deposit:
    """From the day of a notice, or the last day, until so many days after it."""
    agreement = standing.agreement
    deposit = await deposits.find(db, agreement.user_id, agreement.id)
    if deposit is None or deposit.status in (DepositStatus.WAIVED, DepositStatus.DUE):
        raise Refusal(RefusalCode.NOT_OPEN, N_("No deposit is held of this agreement."), field=AGREEMENT)
    is_claimed = await claims.of_agreement(db, agreement.user_id, agreement.id) is not None
    # Of a lease that was taken back the deposit is on its way since then.
    if is_claimed or deposit.status is not DepositStatus.HELD or agreement.status is AgreementStatus.UNWOUND:
        sentence = N_("This deposit was claimed before, or is on its way back.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT)
    ends_on = standing.ends_on
    assert ends_on is not None, "a deposit is held of what has begun"
    is_ending = standing.is_noticed or standing.on >= ends_on
    if not is_ending or standing.on > ends_on + DAY * deposit.claim_days:
        sentence = N_("A deposit can be claimed from the notice or the last day on, {on}, for {days} days.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT, on=ends_on.isoformat(), days=deposit.claim_days)
    return deposit


async def _make(db: Db, agreement: Agreement, deposit: Deposit, amount: Money, reason: str) -> None:
    seal = await vault.seal_of(db, agreement.user_id)
    made = Claim(
        user_id=agreement.user_id,
        agreement_id=agreement.id,
        partner_id=agreement.partner_id,
        amount=amount.minor,
        currency=amount.currency,
        made_at=await clock.now(db),
        answer_by=clock.begins(await clock.today(db) + DAY * (deposit.dispute_days + 1)),
        texts_sealed=seal.close({"reason": reason}, claims.TEXTS),
    )
    db.add(made)
    await deposits.LIFE.move(db, deposit, DepositStatus.CLAIMED)
    owner, due_at = agreement.user_id, made.answer_by
    await outbox.announce(db, deposits.CLAIM_DUE, user_id=owner, subject_id=agreement.id, due_at=due_at)
    await agreements.touch(db, agreement)


async def dispute(db: Db, actor: UserActor, agreement_id: UUID, message: str, key: str) -> Agreement:
    """Say no, once, before it stands. Refuses NOT_FOUND, INVALID, and NOT_OPEN where there is nothing to say no to."""
    message = texts.line(message, WORDS_MAX, ("input", "message"))
    input = {"agreementId": agreement_id, "message": message}
    receipt = await receipts.claim(db, actor=actor.name, operation="disputeClaim", key=key, input=input)
    agreement = await agreements.lock_own(db, actor, agreement_id)
    if receipt.result_id is not None:
        return agreement
    now = await clock.now(db)
    made = await claims.of_agreement(db, agreement.user_id, agreement.id)
    if made is None or made.status is not ClaimStatus.OPEN or made.answer_by <= now:
        raise Refusal(RefusalCode.NOT_OPEN, N_("There is no claim that you could dispute now."), field=AGREEMENT)
    await claims.write(db, made, "message", message)
    made.answer_by = clock.begins(await clock.today(db) + DAY * (DECIDED_WITHIN_DAYS + 1))
    await claims.LIFE.move(db, made, ClaimStatus.DISPUTED)
    await deadlines.begin(db, claims.DECISION, agreement.user_id, made.id, agreement.id, made.answer_by)
    deposit = await deposits.find(db, agreement.user_id, agreement.id)
    assert deposit is not None, "a claim is on a deposit"
    await deposits.LIFE.move(db, deposit, DepositStatus.DISPUTED)
    await agreements.touch(db, agreement)
    receipt.result_id = agreement.id
    return agreement


async def decide(db: Db, actor: StaffActor, claim_id: UUID, amount: Money, answer: str, key: str) -> Claim:
    """How much of a disputed claim is right, from none to all of it; the rest goes back at once where the lease is over.

    Refuses NOT_ALLOWED, NOT_FOUND, INVALID, and NOT_OPEN what waits for no decision.
    """
    actor.require(Permission.DECIDE_CLAIMS)
    answer = texts.line(answer, WORDS_MAX, ("input", "answer"))
    input = {"claimId": claim_id, "amount": [amount.minor, amount.currency], "answer": answer}
    receipt = await receipts.claim(db, actor=actor.name, operation="decideClaim", key=key, input=input)
    its = (await db.execute(select(Claim.user_id, Claim.agreement_id).where(Claim.id == claim_id))).one_or_none()
    if its is None:
        raise not_found(N_("We could not find this claim."), CLAIM)
    agreement = await agreements.lock(db, *its)
    made = await claims.of_agreement(db, *its)
    assert agreement is not None and made is not None, "it was there just now"
    if receipt.result_id is not None:
        return made
    if made.status is not ClaimStatus.DISPUTED:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This claim waits for no decision."), field=CLAIM)
    if amount.currency != made.currency or not 0 <= amount.minor <= made.amount:
        sentence = N_("Uphold from 0 to {most} {currency} of it.")
        raise invalid(sentence, AMOUNT, most=str(Money(made.amount, made.currency)), currency=made.currency)
    await claims.write(db, made, "answer", answer)
    made.decided_by = actor.staff_id
    await deadlines.end(db, claims.DECISION, made.user_id, made.id)
    before = {"status": made.status}
    await uphold(db, await standing_of(db, agreement), made, amount.minor)
    after = {"status": made.status, "upheld": f"{amount} {amount.currency}"}
    await changes.record(db, actor, "claim", str(made.id), before=before, after=after)
    receipt.result_id = made.id
    return made


async def let_stand(db: Db, user_id: UUID, agreement_id: UUID) -> None:
    """Let all of a claim stand that nobody disputed in time."""
    agreement = await agreements.lock(db, user_id, agreement_id)
    made = await claims.of_agreement(db, user_id, agreement_id)
    assert agreement is not None and made is not None, "a claim that is due was made"
    if made.status is ClaimStatus.OPEN:
        await uphold(db, await standing_of(db, agreement), made, made.amount)


async def uphold(db: Db, standing: AgreementStanding, made: Claim, amount: int) -> None:
    """Give the partner so much of a deposit, and the person what is left of it. The decision stays as evidence."""
    agreement = standing.agreement
    deposit = await deposits.find(db, agreement.user_id, agreement.id)
    assert deposit is not None, "a claim is on a deposit"
    made.upheld, made.decided_at = amount, await clock.now(db)
    await claims.LIFE.move(db, made, ClaimStatus.UPHELD if amount else ClaimStatus.REJECTED)
    if amount:
        cause, on = Cause(CauseKind.DEPOSIT_KEPT, made.id), await clock.today(db)
        await post(db, [transfer_of(agreement, cause, K.DEPOSIT, K.PAYABLE, amount, on)])
        deposit.kept = amount
    await deposits.LIFE.move(db, deposit, DepositStatus.HELD)
    await leaves.add(db, made.user_id, EvidenceKind.AGREEMENT, made.id, _evidence_of(made))
    await agreements.touch(db, agreement)
    if moving_out.is_over(standing):
        await moving_out.give_back(db, agreement, deposit)


def _evidence_of(made: Claim) -> dict[str, object]:
    return {
        "claim": str(made.id),
        "agreement": str(made.agreement_id),
        "amount": [made.amount, made.currency],
        "upheld": made.upheld,
        "disputed": made.decided_by is not None,
    }
