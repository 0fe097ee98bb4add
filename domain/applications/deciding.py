"""Deciding: by the rules at once, by a partner within a promise, or by a member of staff who reviews."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.actors import PartnerActor, StaffActor
from domain.applications import applications, decisions, offers, promises, replaying
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import REASONS_MAX, Decision, DecisionOutcome
from domain.consent import consents
from domain.credit import policy
from domain.credit.assessing import score_now
from domain.credit.grades import Grade
from domain.credit.reasons import Reason
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts import readings
from domain.facts.sheets import FactSheet
from domain.market import standards
from domain.market.products import Product
from domain.market.terms import quoting
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.money import Money
from infra.words import N_

STATUS_AFTER = {
    DecisionOutcome.APPROVE: ApplicationStatus.APPROVED,
    DecisionOutcome.DECLINE: ApplicationStatus.DECLINED,
    DecisionOutcome.REFER: ApplicationStatus.IN_REVIEW,
}
EVENT_AFTER = {
    DecisionOutcome.APPROVE: "application.approved",
    DecisionOutcome.DECLINE: "application.declined",
    DecisionOutcome.REFER: "application.referred",
}
# What a partner may give as a reason, in words that the person understands.
PARTNER_REASONS = {
    "GRADE_TOO_LOW": N_("Your grade is below what this partner asks for."),
    "INCOME_TOO_LOW": N_("Your income is below what this partner asks for."),
    "BURDEN_TOO_HIGH": N_("The monthly payments would weigh too much on your income."),
    "RECENT_ARREARS": N_("A repayment was late recently."),
    "NOT_ENOUGH_HISTORY": N_("Too little history is known yet."),
    "IDENTITY_UNCLEAR": N_("Your identity could not be made sure of."),
    "OUTSIDE_AREA": N_("This partner does not serve your region."),
    "OUT_OF_STOCK": N_("This is out of stock."),
    "OTHER": N_("The partner decided against it."),
}


async def decide_by_rules(db: Db, application: Application, product: Product, scored: Scored, sheet: FactSheet) -> None:
    """Decide now, in the transaction of the application; what is referred is promised an answer by a person."""
    quoted = quoting.quote(product, application.amount, application.term_months, grade=scored.grade)
    request = policy.Request(
        amount=application.amount,
        monthly_payment=quoted.monthly_payment,
        grade_at_least=product.grade_at_least,
        burden=await offers.monthly_burden(db, application.user_id),
        currency=application.currency,
    )
    verdict = policy.decide(request, scored, sheet)
    outcome = DecisionOutcome(verdict.outcome)
    await _record(
        db,
        application,
        outcome,
        list(verdict.reasons),
        by="rules",
        scored=scored,
        asked=replaying.asked(request, sheet),
    )
    if outcome == DecisionOutcome.APPROVE:
        await offers.make(db, application, product, quoted)
    if outcome == DecisionOutcome.REFER:
        now = await clock.now(db)
        application.promised_by = promises.by_a_person(now, application.amount, application.currency)


async def decide_by_partner(
    db: Db,
    actor: PartnerActor,
    *,
    application_id: UUID,
    outcome: DecisionOutcome,
    reasons: list[tuple[str, str | None]],
    terms: tuple[Money, int, Decimal] | None,
    key: str,
    input: Mapping[str, Any],
) -> Application:
    """A partner's answer. Approving needs terms within what was asked for; declining needs a reason; at most four, ordered.

    Refuses NOT_FOUND, NOT_OPEN, INVALID, COST_ABOVE_CAP.
    """
    receipt = await receipts.claim(db, actor=actor.name, operation="decideApplication", key=key, input=input)
    application = await applications.find(db, actor, application_id, lock=True)
    if application is None:
        raise not_found(N_("There is no such application."), ("input", "applicationId"))
    if receipt.result_id is not None:
        return application
    _keep_undecided(application)
    _keep_reasoned(outcome, reasons)
    told = [_partner_reason(code, message) for code, message in reasons]
    if outcome == DecisionOutcome.APPROVE:
        await _approve_on_terms(db, application, terms)
    elif terms is not None:
        raise invalid(N_("Terms go with an approval only."), ("input", "terms"))
    await _record(db, application, outcome, told, by="partner")
    receipt.result_id = application.id
    return application


async def decide_by_review(
    db: Db,
    actor: StaffActor,
    *,
    application_id: UUID,
    outcome: DecisionOutcome,
    reasons: list[str],
    key: str,
    input: Mapping[str, Any],
) -> Application:
    """A reviewer's answer to what was referred or delayed; the caller has made sure of his role."""
    receipt = await receipts.claim(db, actor=actor.name, operation="reviewApplication", key=key, input=input)
    application = await applications.find(db, actor, application_id, lock=True)
    if application is None:
        raise not_found(N_("There is no such application."), ("input", "applicationId"))
    if receipt.result_id is not None:
        return application
    if application.status not in (ApplicationStatus.IN_REVIEW, ApplicationStatus.DELAYED):
        raise _not_open()
    if not 1 <= len(reasons) <= REASONS_MAX or not all(1 <= len(reason) <= 200 for reason in reasons):
        raise invalid(N_("Give one to four reasons of at most 200 characters."), ("input", "reasons"))
    if outcome == DecisionOutcome.APPROVE:
        product = await db.get_one(Product, application.product_id)
        grade = await _grade_now(db, application)
        quoted = quoting.quote(product, application.amount, application.term_months, grade=grade)
        await offers.make(db, application, product, quoted)
    said = [Reason("REVIEWED", N_("{said}"), {"said": reason}) for reason in reasons]
    await _record(db, application, outcome, said, by="staff")
    receipt.result_id = application.id
    return application


def _keep_undecided(application: Application) -> None:
    if application.status not in applications.UNDECIDED:
        raise _not_open()


def _not_open() -> Refusal:
    return Refusal(
        RefusalCode.NOT_OPEN, N_("This application is not open for a decision."), field=("input", "applicationId")
    )


def _keep_reasoned(outcome: DecisionOutcome, reasons: list[tuple[str, str | None]]) -> None:
    if len(reasons) > REASONS_MAX:
        raise invalid(N_("Give at most four reasons."), ("input", "reasons"))
    if outcome == DecisionOutcome.DECLINE and not reasons:
        raise invalid(N_("Declining needs at least one reason."), ("input", "reasons"))
    if any(message is not None and len(message) > 200 for _, message in reasons):
        raise invalid(N_("A reason has at most 200 characters."), ("input", "reasons"))


def _partner_reason(code: str, message: str | None) -> Reason:
    return Reason(code, N_("{said}"), {"said": message}) if message else Reason(code, PARTNER_REASONS[code])


async def _approve_on_terms(db: Db, application: Application, terms: tuple[Money, int, Decimal] | None) -> None:
    if terms is None:
        raise invalid(N_("An approval needs terms."), ("input", "terms"))
    amount, months, annual_rate = terms
    product = await db.get_one(Product, application.product_id)
    if amount.currency != application.currency or not 0 < amount.minor <= application.amount:
        raise invalid(N_("Approve at most the amount that was asked for."), ("input", "terms", "amount"))
    if months not in product.term_months:
        raise invalid(N_("The product does not offer this term."), ("input", "terms", "termMonths"))
    standards.keep_rate(annual_rate, "input", "terms", "annualRate")
    grade = await _grade_now(db, application)
    quoted = quoting.quote(product, amount.minor, months, grade=grade, annual_rate=annual_rate)
    quoting.refuse_uneven(quoted, months, ("input", "terms", "amount"))
    quoting.refuse_above_cap(quoted)
    await offers.make(db, application, product, quoted, amount=amount.minor, term_months=months)


async def _grade_now(db: Db, application: Application) -> Grade | None:
    scored = score_now(await readings.sheet(db, application.user_id))
    return None if isinstance(scored, NotEnoughKnown) else scored.grade


async def _record(
    db: Db,
    application: Application,
    outcome: DecisionOutcome,
    reasons: list[Reason],
    *,
    by: str,
    scored: Scored | None = None,
    asked: dict[str, Any] | None = None,
) -> None:
    seal = await vault.seal_of(db, application.user_id)
    decision = Decision(
        user_id=application.user_id,
        application_id=application.id,
        outcome=outcome,
        decided_at=await clock.now(db),
        decided_by=by,
        reasons_told=decisions.told(reasons),
        rule_version=policy.RULES_VERSION,
        model_version=scored.model_version if scored else None,
        vector_sealed=seal.close(dict(scored.vector), decisions.VECTOR) if scored else None,
        asked_sealed=seal.close(asked, decisions.ASKED) if asked else None,
    )
    db.add(decision)
    await applications.move(db, application, STATUS_AFTER[outcome])
    await db.flush()
    if outcome == DecisionOutcome.DECLINE:
        await consents.end_for_application(db, application.user_id, application.id)
    await outbox.announce(db, EVENT_AFTER[outcome], user_id=application.user_id, subject_id=application.id, by=by)
