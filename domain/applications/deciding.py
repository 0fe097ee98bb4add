"""Deciding: by the rules at once, by a partner within a promise, or by a member of staff who reviews. All by one function."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain import changes
from domain.actors import PartnerActor, StaffActor
from domain.applications import (
    applications,
    applied_terms,
    approving,
    borrowers,
    cases,
    decisions,
    given_reasons,
    promises,
    replaying,
    review_holds,
)
from domain.applications.applications import AWAITING_REVIEW, UNDECIDED, Application, ApplicationStatus
from domain.applications.applied_terms import AppliedTerms
from domain.applications.approving import LESS, TERMS, ApprovedTerms
from domain.applications.borrowers import APPLICATION, Borrower
from domain.applications.decisions import Decision, DecisionOutcome
from domain.consent import consents
from domain.credit import policy
from domain.credit.reasons import Reason
from domain.credit.scoring import Scored
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.market.products import DecisionMode, Product, ProductStatus
from infra import clock, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.money import Money
from infra.words import N_

APPROVE, DECLINE, REFER = DecisionOutcome.APPROVE, DecisionOutcome.DECLINE, DecisionOutcome.REFER


@dataclass(frozen=True)
class DecisionPath:
    """A way to a decision: whose word it is, in which states of an application they may say it, and what it may be."""

    by: str
    operation: str
    states: Collection[ApplicationStatus]
    outcomes: Collection[DecisionOutcome]


RULES = DecisionPath("rules", "apply", (ApplicationStatus.SUBMITTED,), (APPROVE, DECLINE, REFER))
PARTNER = DecisionPath("partner", "decideApplication", UNDECIDED, (APPROVE, DECLINE, REFER))
REVIEW = DecisionPath("staff", "reviewApplication", AWAITING_REVIEW, (APPROVE, DECLINE))
PATHS = (RULES, PARTNER, REVIEW)


@dataclass(frozen=True)
class Answer:
    """What is decided and why; by whom of the partners or the staff, or by which score and facts. No `terms`: as applied for.

    `borrower`, `applied`: where their turn was taken and their terms were written already. `seen`: the mark of the case that was
    looked at. `by_partners_staff`: whether a person decided for the partner.
    """

    outcome: DecisionOutcome
    reasons: list[Reason]
    by_id: UUID | None = None
    terms: ApprovedTerms | None = None
    scored: Scored | None = None
    asked: dict[str, Any] | None = None
    borrower: Borrower | None = None
    applied: AppliedTerms | None = None
    seen: str | None = None
    by_partners_staff: bool = False
    unanswered: Sequence[str] = ()


async def decide_by_rules(
    db: Db,
    application: Application,
    applied: AppliedTerms,
    product: Product,
    scored: Scored,
    borrower: Borrower,
    *,
    needs_a_look: bool,
    unanswered: Sequence[str] = (),
) -> None:
    """Decide now, in the transaction of the application, in which the person's turn was taken; what is referred is promised
    an answer by a person. `unanswered`: the providers of whom nothing new is known.
    """
    sheet, burden = borrower.sheet, borrower.burden
    quoted = applied_terms.quote(applied, application.amount, application.term_months)
    request = policy.AskedTerms(
        amount=application.amount,
        monthly_payment=quoted.monthly_burden,
        grade_at_least=product.grade_at_least,
        burden=burden.monthly,
        currency=application.currency,
        hides=sheet.hides_income or sheet.points_carried > 0,
        owes_elsewhere=bool(burden.elsewhere),
        needs_a_look=needs_a_look,
    )
    verdict = policy.decide(request, scored, sheet)
    outcome, asked = DecisionOutcome(verdict.outcome), replaying.record_input(request, sheet)
    answer = Answer(
        outcome,
        [*verdict.reasons],
        scored=scored,
        asked=asked,
        borrower=borrower,
        applied=applied,
        unanswered=unanswered,
    )
    await _decide(db, application, RULES, answer)
    if outcome == REFER:
        now = await clock.now(db)
        application.promised_by = promises.by_a_person(now, application.amount, application.currency)


async def decide_by_partner(
    db: Db,
    actor: PartnerActor,
    *,
    application_id: UUID,
    outcome: DecisionOutcome,
    reasons: list[tuple[str, str | None]],
    terms: ApprovedTerms | None,
    key: str,
    by_person: bool = False,
) -> Application:
    """A partner's answer. Approving needs terms no dearer than those applied for; declining needs a reason; at most four, ordered.
    Unless the partner says that a person decided, the applicant can ask for one.

    Refuses NOT_FOUND, NOT_OPEN, NOT_ALLOWED, NOT_ELIGIBLE, LIMIT_EXCEEDED, INVALID, STALE, COST_ABOVE_CAP.
    """
    if outcome == APPROVE and terms is None:
        raise invalid(N_("An approval needs terms: an amount and a term."), TERMS)
    if outcome != APPROVE and terms is not None:
        raise invalid(N_("Only an approval has terms."), TERMS)
    reasons_given = given_reasons.of_partner(outcome, reasons)
    answer = Answer(outcome, reasons_given, by_id=actor.partner_id, terms=terms, by_partners_staff=by_person)
    input = {"outcome": outcome, "reasons": reasons, "terms": terms.canonical if terms else []}
    told = {"byPerson": True} if by_person else {}
    return await _answer_once(db, actor, PARTNER, application_id, answer, key, input | told)


async def decide_by_review(
    db: Db,
    actor: StaffActor,
    *,
    application_id: UUID,
    outcome: DecisionOutcome,
    reasons: list[str],
    key: str,
    amount: Money | None = None,
    months: int | None = None,
    seen: str | None = None,
) -> Application:
    """A reviewer's answer to what was referred or delayed: on the terms applied for, or for less at the rate of these; with `seen`
    only if the case is still so.

    Refuses NOT_FOUND, NOT_OPEN, NOT_ALLOWED, NOT_ELIGIBLE, LIMIT_EXCEEDED, INVALID, STALE, COST_ABOVE_CAP.
    """
    less = None if amount is None and months is None else ApprovedTerms(amount, months, place=LESS)
    if outcome != APPROVE and less is not None:
        raise invalid(N_("Only an approval has terms."), less.at("termMonths" if amount is None else "amount"))
    answer = Answer(outcome, given_reasons.of_reviewer(reasons), by_id=actor.staff_id, terms=less, seen=seen)
    said = {"outcome": outcome, "reasons": reasons} | ({"less": less.canonical} if less else {})
    return await _answer_once(db, actor, REVIEW, application_id, answer, key, said)


async def _answer_once(
    db: Db,
    actor: PartnerActor | StaffActor,
    path: DecisionPath,
    application_id: UUID,
    answer: Answer,
    key: str,
    input: Mapping[str, Any],
) -> Application:
    """Decide once however often it is sent, about what this actor may see."""
    said = {"application": application_id, **input}
    receipt = await receipts.claim(db, actor=actor.name, operation=path.operation, key=key, input=said)
    application = await applications.lock(db, actor, application_id)
    if application is None:
        raise not_found(N_("We could not find this application."), APPLICATION)
    if receipt.result_id is None:
        before = {"status": application.status}
        if isinstance(actor, StaffActor):
            await review_holds.refuse_held(db, actor, application)
        await _decide(db, application, path, answer)
        if isinstance(actor, StaffActor):
            after = {"status": application.status}
            await changes.record(db, actor, "application", str(application.id), before=before, after=after)
        receipt.result_id = application.id
    return application


async def _decide(db: Db, application: Application, path: DecisionPath, answer: Answer) -> None:
    """The one way to a decision, whoever decides: asks the state and who may; of an approval also the person, the terms applied
    for, the product, the cap and the burden.
    """
    if answer.outcome not in path.outcomes:
        raise invalid(N_("Choose to approve or to decline."), ("input", "outcome"))
    if application.status not in path.states:
        raise Refusal(RefusalCode.NOT_OPEN, applications.NOT_OPEN, field=APPLICATION)
    applications.LIFE.require(application.status, answer.outcome.status, *APPLICATION)
    product = await db.get_one(Product, application.product_id)
    mode = answer.applied.decision if answer.applied else await applied_terms.mode_of(db, application, product)
    assert path is not RULES or mode == DecisionMode.INSTANT, "the rules decide what their partner leaves to them"
    if path is PARTNER and mode != DecisionMode.PARTNER:
        raise Refusal(
            RefusalCode.NOT_ALLOWED,
            N_("The rules decide about this product, and whom they refer, we review."),
            field=APPLICATION,
        )
    # The rules are the first to decide.
    before = None if path is RULES else await decisions.find_final(db, application.user_id, application.id)
    if before is not None and path is not REVIEW:
        raise Refusal(RefusalCode.NOT_OPEN, applications.NOT_OPEN, field=APPLICATION)
    if answer.seen:
        await _refuse_what_changed(db, application, answer.seen)
    if answer.outcome != APPROVE:
        await _record(db, application, path, answer, before)
        return
    borrower = answer.borrower or await borrowers.take_turn(db, application)
    _refuse_withdrawn(path, product, mode)
    await _record(db, application, path, answer, before)
    applied = answer.applied or await applied_terms.of_application(db, application)
    await approving.make_offer(db, application, applied, answer.terms, borrower)


async def _refuse_what_changed(db: Db, application: Application, seen: str) -> None:
    """Nobody decides by what they did not see."""
    (shown,) = await cases.of_applications(db, [application])
    case = await cases.load_unseen(db, shown)
    if case.seen != seen:
        raise Refusal(
            RefusalCode.STALE, N_("Something changed since you looked. Please look again."), field=APPLICATION
        )


def _refuse_withdrawn(path: DecisionPath, product: Product, mode: DecisionMode) -> None:
    if path is REVIEW and product.status != ProductStatus.PUBLISHED:
        raise Refusal(RefusalCode.NOT_ALLOWED, approving.WITHDRAWN[mode], field=APPLICATION)


async def _record(
    db: Db, application: Application, path: DecisionPath, answer: Answer, before: Decision | None
) -> None:
    seal, scored = await vault.seal_of(db, application.user_id), answer.scored
    decision = Decision(
        user_id=application.user_id,
        application_id=application.id,
        outcome=answer.outcome,
        decided_at=await clock.now(db),
        decided_by=path.by,
        decided_by_id=answer.by_id,
        reasons_told=decisions.to_rows(answer.reasons),
        rule_version=policy.RULES_VERSION,
        model_version=scored.model_version if scored else None,
        vector_sealed=seal.close(dict(scored.vector), decisions.VECTOR) if scored else None,
        asked_sealed=seal.close(answer.asked, decisions.ASKED) if answer.asked else None,
        reviewed_id=before.id if before else None,
        by_partners_staff=answer.by_partners_staff,
        unanswered=[*answer.unanswered],
    )
    db.add(decision)
    await leaves.add(db, application.user_id, EvidenceKind.DECISION, decision.id, decisions.evidence_of(decision))
    if answer.outcome == DECLINE:
        await consents.end_for_application(db, application.user_id, application.id)
    await applications.move(db, application, answer.outcome.status, by=path.by)
