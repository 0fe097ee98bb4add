"""Disputing: a person says no to a factor, staff look at the facts behind it, and what is wrong counts no more."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from domain import changes
from domain.actors import StaffActor, UserActor
from domain.credit import scores
from domain.credit.scores import Score
from domain.deadlines import deadlines
from domain.disputes import disputes
from domain.disputes.disputes import Dispute, DisputedFact, DisputeStatus, DisputeTexts
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.facts import open_readings, readings
from domain.facts.counting_on import MARK, source_of
from domain.facts.open_readings import Opened
from domain.facts.sheets import REGISTER
from domain.facts.vocabulary import VOCABULARY
from domain.permissions import Permission
from infra import clock, outbox, receipts, texts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.words import N_

FACTOR, DISPUTE, FACTS = ("input", "factorCode"), ("input", "disputeId"), ("input", "factIds")
ANSWERED_WITHIN = timedelta(days=20)  # Regulation on Credit Reporting of China, article 25
WORDS_MAX = 500
# What people say of themselves they change themselves, and what a register says is asked of the register.
NOT_DISPUTED = frozenset({"profile", REGISTER})


async def dispute(db: Db, actor: UserActor, factor_code: str, message: str, key: str) -> Dispute:
    """Say no to a factor of one's score, once however often it is sent. Refuses INVALID, NOT_FOUND and NOT_OPEN."""
    message = texts.line(message, WORDS_MAX, ("input", "message"))
    input = {"factorCode": factor_code, "message": message}
    receipt = await receipts.claim(db, actor=actor.name, operation="disputeFactor", key=key, input=input)
    if receipt.result_id is not None:
        return await db.get_one(Dispute, (actor.user_id, receipt.result_id))
    score = await _score_with(db, actor.user_id, factor_code)
    await readings.take_turn(db, actor.user_id)
    await _refuse_twin(db, actor.user_id, factor_code)
    told, now = await readings.live(db, actor.user_id)
    made = Dispute(
        user_id=actor.user_id,
        factor_code=factor_code,
        score_id=score.id,
        asked_at=now,
        answer_by=now + ANSWERED_WITHIN,
        texts_sealed=b"",
    )
    facts = facts_behind(factor_code, told, now, made.id)
    if not facts:
        raise not_found(N_("Nothing that others told of you is behind this factor."), FACTOR)
    seal = await vault.seal_of(db, actor.user_id)
    made.texts_sealed = disputes.sealed(DisputeTexts(message, tuple(facts), None), seal)
    db.add(made)
    await db.flush()
    await outbox.announce(db, disputes.OPENED, user_id=made.user_id, subject_id=made.id)
    await deadlines.begin(db, disputes.ANSWER, made.user_id, made.id, made.id, made.answer_by)
    receipt.result_id = made.id
    return made


async def _score_with(db: Db, user_id: UUID, factor_code: str) -> Score:
    score = await scores.current(db, user_id)
    if score is None or factor_code not in {factor.code for factor in score.factors}:
        raise not_found(N_("Your score has no such factor."), FACTOR)
    return score


async def _refuse_twin(db: Db, user_id: UUID, factor_code: str) -> None:
    its = select(Dispute.id).where(Dispute.user_id == user_id, Dispute.factor_code == factor_code)
    if (await db.execute(its.where(Dispute.status == DisputeStatus.OPEN))).first() is not None:
        sentence = N_("You have disputed this already. We are looking into it.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=FACTOR)


def facts_behind(factor_code: str, told: Sequence[Opened], now: datetime, dispute_id: UUID) -> list[DisputedFact]:
    """What sources tell of this group of facts; of the factor for accounts that were unlinked, what each left behind."""
    if factor_code == MARK:
        marks = open_readings.drawn_from(told, now).counting_on
        behind = [(source_of(mark.account_id), MARK, mark.points, now) for mark in marks]
    else:
        behind = [
            (seen.source, seen.name, open_readings.plain(seen.value), seen.observed_at)
            for seen in open_readings.observations(told, now)
            if VOCABULARY[seen.name].group == factor_code and seen.source not in NOT_DISPUTED
        ]
    return [DisputedFact(disputes.fact_id(dispute_id, *fact[:2]), *fact) for fact in behind]


async def answer(
    db: Db, actor: StaffActor, dispute_id: UUID, *, upheld: bool, fact_ids: Collection[UUID], answer: str, key: str
) -> Dispute:
    """Say which of the facts are wrong, or that none is; those count no more, and the person is scored without them.

    Refuses NOT_ALLOWED, NOT_FOUND, INVALID, and NOT_OPEN what was answered before.
    """
    actor.require(Permission.ANSWER_DISPUTES)
    answer = texts.line(answer, WORDS_MAX, ("input", "answer"))
    said = {"disputeId": dispute_id, "upheld": upheld, "factIds": sorted(map(str, fact_ids)), "answer": answer}
    receipt = await receipts.claim(db, actor=actor.name, operation="answerDispute", key=key, input=said)
    made = await _lock(db, dispute_id)
    if receipt.result_id is not None:
        return made
    seal = await vault.seal_of(db, made.user_id)
    told = disputes.opened(made, seal)
    wrong = _wrong(told, upheld, fact_ids)
    status = DisputeStatus.UPHELD if upheld else DisputeStatus.REJECTED
    disputes.LIFE.require(made.status, status, *DISPUTE)
    before = {"status": made.status}
    now = await clock.now(db)
    made.texts_sealed = disputes.sealed(replace(told, answer=answer), seal)
    made.answered_by, made.answered_at = actor.staff_id, now
    await disputes.LIFE.move(db, made, status)
    await _withdraw(db, made.user_id, wrong)
    await deadlines.end(db, disputes.ANSWER, made.user_id, made.id)
    await leaves.add(db, made.user_id, EvidenceKind.DECISION, made.id, _evidence_of(made, wrong))
    await changes.record(db, actor, "dispute", str(made.id), before=before, after={"status": status})
    receipt.result_id = made.id
    return made


async def _lock(db: Db, dispute_id: UUID) -> Dispute:
    its = select(Dispute.user_id).where(Dispute.id == dispute_id, disputes.IS_READABLE)
    owner = (await db.execute(its)).scalar_one_or_none()
    if owner is None:
        raise not_found(N_("We could not find this dispute."), DISPUTE)
    await readings.take_turn(db, owner)
    return await db.get_one(Dispute, (owner, dispute_id), populate_existing=True, with_for_update=True)


def _wrong(told: DisputeTexts, upheld: bool, fact_ids: Collection[UUID]) -> list[DisputedFact]:
    wrong = [fact for fact in told.facts if fact.id in fact_ids]
    if len(wrong) != len(set(fact_ids)):
        raise not_found(N_("This dispute is about no such fact."), FACTS)
    if upheld and not wrong:
        raise invalid(N_("Name the facts that are wrong."), FACTS)
    if wrong and not upheld:
        raise invalid(N_("Facts are named only where the dispute is upheld."), FACTS)
    return wrong


async def _withdraw(db: Db, user_id: UUID, wrong: Sequence[DisputedFact]) -> None:
    for fact in wrong:
        if fact.name == MARK:
            await readings.withdraw(db, user_id, fact.source)
        else:
            row = [fact.name, fact.value, fact.observed_at.isoformat()]
            await readings.correct(db, user_id, fact.source, [row])


def _evidence_of(made: Dispute, wrong: Sequence[DisputedFact]) -> dict[str, object]:
    return {
        "dispute": str(made.id),
        "factor": made.factor_code,
        "answer": made.status,
        "withdrawn": [[fact.source, fact.name] for fact in wrong],
        "by": str(made.answered_by),
    }
