"""Deciding: by the rules at once, by a partner within a promise, or by a member of staff who reviews. All by one function."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actors import PartnerActor, StaffActor
from domain.applications import (
    applications,
    applied_terms,
    approving,
    decisions,
    given_reasons,
    offers,
    promises,
    replaying,
)
from domain.applications.applications import AWAITING_REVIEW, UNDECIDED, Application, ApplicationStatus
from domain.applications.approving import TERMS, Terms
from domain.applications.decisions import Decision, DecisionOutcome
from domain.consent import consents
from domain.credit import policy
from domain.credit.assessing import score_now
from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts import readings
from domain.facts.sheets import FactSheet
from domain.market.products import DecisionMode, Product, ProductStatus
from infra import clock, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.words import N_

APPROVE, DECLINE, REFER = DecisionOutcome.APPROVE, DecisionOutcome.DECLINE, DecisionOutcome.REFER
APPLICATION = ("input", "applicationId")


@dataclass(frozen=True)
class Path:
    """A way to a decision: whose word it is, in which states of an application they may say it, and what it may be."""

    by: str
    operation: str
    states: Collection[ApplicationStatus]
    outcomes: Collection[DecisionOutcome]


RULES = Path("rules", "apply", (ApplicationStatus.SUBMITTED,), (APPROVE, DECLINE, REFER))
PARTNER = Path("partner", "decideApplication", UNDECIDED, (APPROVE, DECLINE, REFER))
REVIEW = Path("staff", "reviewApplication", AWAITING_REVIEW, (APPROVE, DECLINE))
PATHS = (RULES, PARTNER, REVIEW)


@dataclass(frozen=True)
class Answer:
    """What is decided and why; by whom of the partners or the staff, or by which score and facts. No `terms`: as applied for."""

    outcome: DecisionOutcome
    reasons: list[Reason]
    by_id: UUID | None = None
    terms: Terms | None = None
    scored: Scored | None = None
    asked: dict[str, Any] | None = None


async def decide_by_rules(db: Db, application: Application, product: Product, scored: Scored, sheet: FactSheet) -> None:
    """Decide now, in the transaction of the application; what is referred is promised an answer by a person."""
    applied = await applied_terms.of_application(db, application)
    quoted = applied_terms.quote(applied, application.amount, application.term_months)
    request = policy.Request(
        amount=application.amount,
        monthly_payment=quoted.monthly_payment,
        grade_at_least=product.grade_at_least,
        burden=await offers.monthly_burden(db, application.user_id),
        currency=application.currency,
        hides=sheet.hides_income or sheet.points_carried > 0,
    )
    verdict = policy.decide(request, scored, sheet)
    outcome, asked = DecisionOutcome(verdict.outcome), replaying.asked(request, sheet)
    await _decide(db, application, RULES, Answer(outcome, [*verdict.reasons], scored=scored, asked=asked))
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
    terms: Terms | None,
    key: str,
) -> Application:
    """A partner's answer. Approving needs terms no dearer than those applied for; declining needs a reason; at most four, ordered.

    Refuses NOT_FOUND, NOT_OPEN, INVALID, STALE, COST_ABOVE_CAP.
    """
    if outcome == APPROVE and terms is None:
        raise invalid(N_("An approval needs terms: amount, term and annual rate."), TERMS)
    if outcome != APPROVE and terms is not None:
        raise invalid(N_("Only an approval has terms."), TERMS)
    answer = Answer(outcome, given_reasons.of_partner(outcome, reasons), by_id=actor.partner_id, terms=terms)
    input = {"outcome": outcome, "reasons": reasons, "terms": terms.canonical if terms else []}
    return await _answer_once(db, actor, PARTNER, application_id, answer, key, input)


async def decide_by_review(
    db: Db, actor: StaffActor, *, application_id: UUID, outcome: DecisionOutcome, reasons: list[str], key: str
) -> Application:
    """A reviewer's answer to what was referred or delayed, on the terms applied for.

    Refuses NOT_FOUND, NOT_OPEN, NOT_ALLOWED, INVALID, STALE, COST_ABOVE_CAP.
    """
    answer = Answer(outcome, given_reasons.of_reviewer(reasons), by_id=actor.staff_id)
    return await _answer_once(db, actor, REVIEW, application_id, answer, key, {"outcome": outcome, "reasons": reasons})


async def _answer_once(
    db: Db,
    actor: PartnerActor | StaffActor,
    path: Path,
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
        await _decide(db, application, path, answer)
        receipt.result_id = application.id
    return application


async def _decide(db: Db, application: Application, path: Path, answer: Answer) -> None:
    """The one way to a decision: asks the state, who may, the terms applied for, the product and the cap, whoever decides."""
    if answer.outcome not in path.outcomes:
        raise invalid(N_("Choose to approve or to decline."), ("input", "outcome"))
    if application.status not in path.states:
        raise Refusal(RefusalCode.NOT_OPEN, applications.NOT_OPEN, field=APPLICATION)
    applications.LIFE.require(application.status, answer.outcome.status, *APPLICATION)
    await _record(db, application, path, answer)
    if answer.outcome == APPROVE:
        await _approve(db, application, path, answer)


async def _approve(db: Db, application: Application, path: Path, answer: Answer) -> None:
    product = await db.get_one(Product, application.product_id)
    if path is REVIEW and product.status != ProductStatus.PUBLISHED:
        raise Refusal(
            RefusalCode.NOT_ALLOWED,
            N_("The partner no longer offers this product, so only the partner can approve it."),
            field=APPLICATION,
        )
    applied = await applied_terms.of_application(db, application)
    assert path is not RULES or applied.decision == DecisionMode.INSTANT, (
        "the rules decide what their partner leaves to them"
    )
    grade = answer.scored.grade if answer.scored else await _grade_now(db, application)
    await approving.make_offer(db, application, applied, answer.terms, grade)


async def _grade_now(db: Db, application: Application) -> Grade | None:
    scored = score_now(await readings.sheet(db, application.user_id))
    return None if isinstance(scored, NotEnoughKnown) else scored.grade


async def _record(db: Db, application: Application, path: Path, answer: Answer) -> None:
    seal, scored = await vault.seal_of(db, application.user_id), answer.scored
    decision = Decision(
        user_id=application.user_id,
        application_id=application.id,
        outcome=answer.outcome,
        decided_at=await clock.now(db),
        decided_by=path.by,
        decided_by_id=answer.by_id,
        reasons_told=decisions.told(answer.reasons),
        rule_version=policy.RULES_VERSION,
        model_version=scored.model_version if scored else None,
        vector_sealed=seal.close(dict(scored.vector), decisions.VECTOR) if scored else None,
        asked_sealed=seal.close(answer.asked, decisions.ASKED) if answer.asked else None,
    )
    db.add(decision)
    await db.flush()
    if answer.outcome == DECLINE:
        await consents.end_for_application(db, application.user_id, application.id)
    await applications.move(db, application, answer.outcome.status, by=path.by)
