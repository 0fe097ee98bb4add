"""Applying: from a tap to an application, a bound consent, and, where the rules can decide, a decision and an offer."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from domain.actors import UserActor
from domain.applications import applications, applied_terms, deciding, offers, promises, turns
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.borrowers import Borrower
from domain.applications.turns import Turn
from domain.consent import consents
from domain.consent.consents import ConsentScope, Purpose
from domain.credit.assessing import WHAT_TO_DO, score_now
from domain.credit.reasons import Reason
from domain.credit.scores import ScoringState
from domain.credit.scoring import NotEnoughKnown, Scored
from domain.facts.sheets import FactSheet
from domain.market import eligibility, products, quoting
from domain.market.applicants import applicant_of
from domain.market.products import DecisionMode, Product
from domain.people import gates, stepping_up
from domain.people.partners import Partner
from domain.people.profiles import ADULT_YEARS, IdentityStatus, age_on, identity_of
from domain.risk import sightings, signals
from domain.risk.rules import RuleAction
from infra import clock, outbox, receipts
from infra.clock import local_day
from infra.database import Db
from infra.errors import Refusal, RefusalCode, not_found
from infra.money import Money
from infra.words import N_

OPEN_MAX = 20


async def apply(
    db: Db,
    actor: UserActor,
    *,
    product_id: UUID,
    amount: Money,
    term_months: int,
    share: list[ConsentScope],
    key: str,
    ip: str = "",
) -> Application:
    """Apply once however often it is sent. INSTANT products are decided here, the others are promised an answer.

    Refuses NOT_FOUND, INVALID, COST_ABOVE_CAP, NOT_ENOUGH_KNOWN, NOT_ELIGIBLE, NOT_ALLOWED, STEP_UP_REQUIRED and LIMIT_EXCEEDED,
    and then leaves nothing behind. With NOT_ENOUGH_KNOWN, `field` is of `updateProfile`.
    """
    receipt = await receipts.claim(
        db,
        actor=actor.name,
        operation="apply",
        key=key,
        input={
            "productId": product_id,
            "amount": [amount.minor, amount.currency],
            "termMonths": term_months,
            "share": sorted(set(share)),
        },
    )
    if receipt.result_id is not None:
        return await db.get_one(Application, (actor.user_id, receipt.result_id))
    application = await submit(
        db, actor, product_id=product_id, amount=amount, term_months=term_months, share=share, ip=ip
    )
    receipt.result_id = application.id
    return application


async def submit(
    db: Db,
    actor: UserActor,
    *,
    product_id: UUID,
    amount: Money,
    term_months: int,
    share: list[ConsentScope],
    ip: str,
    decision: DecisionMode | None = None,
    unanswered: Sequence[str] = (),
) -> Application:
    """Apply as `apply` does, each time that it is called. `decision`: who decides, where the product's own mode does not count.
    `unanswered`: the providers that did not tell in time what they tell now.
    """
    product = await check(db, actor, product_id, amount, term_months)
    mode = decision or product.decision
    turn = await turns.take(db, actor.user_id)
    sheet, scored = _eligible(turn, product)
    follows = await signals.actions_for(db, actor.user_id)
    if RuleAction.STEP_UP in follows:
        await stepping_up.require_step_up(db, actor)
    application = await _application(db, actor, product, amount, term_months, mode)
    await refuse_twin(db, application, "productId")
    partner = await db.get_one(Partner, product.partner_id)
    await sightings.of_application(db, actor.user_id, actor.session_id, ip, application.id)
    # From here on it is only written, all of it at once.
    await _submit(db, application)
    applied = applied_terms.of_product(application, product, scored.grade, mode)
    db.add(applied)
    await consents.bind_to_application(db, actor.user_id, partner.id, Purpose(partner.purpose), share, application.id)
    if mode == DecisionMode.INSTANT:
        borrower = Borrower(sheet=sheet, then=sheet, grade=scored.grade, burden=turn.burden)
        needs_a_look = RuleAction.REFER in follows
        await deciding.decide_by_rules(
            db, application, applied, product, scored, borrower, needs_a_look=needs_a_look, unanswered=unanswered
        )
    if application.status in applications.UNDECIDED:
        await promises.watch(db, application)
    return application


async def check(db: Db, actor: UserActor, product_id: UUID, amount: Money, term_months: int) -> Product:
    """The product, which offers these terms. Refuses NOT_FOUND, INVALID and COST_ABOVE_CAP; who applies is not looked at."""
    product = await _product(db, product_id, actor.user_id)
    _check_terms(product, amount, term_months)
    return product


async def _product(db: Db, product_id: UUID, user_id: UUID) -> Product:
    product = await products.find_published(db, product_id, user_id)
    if product is None:
        raise not_found(N_("We could not find this product."), ("input", "productId"))
    return product


def _check_terms(product: Product, amount: Money, term_months: int) -> None:
    quoting.check(product, amount, term_months)
    quoted = quoting.quote(product, amount.minor, term_months)
    quoting.refuse_uneven(quoted, term_months, ("input", "amount"))
    # To the cent, a small amount can cost more than what its product was held to.
    quoting.refuse_above_cap(quoted, ("input", "amount"))


def _eligible(turn: Turn, product: Product) -> tuple[FactSheet, Scored]:
    """What is known of them in their turn, and their score. Refuses whoever may not have the product."""
    refuse_closing(turn)
    sheet = turn.sheet()
    _refuse_minors(sheet)
    _refuse_mismatch(sheet)
    scored = _scored(turn, sheet)
    _refuse_ineligible(product, sheet, scored)
    assert isinstance(scored, Scored), "without a score nobody is eligible"
    return sheet, scored


def refuse_closing(turn: Turn) -> None:
    """Refuse NOT_ALLOWED whoever is leaving."""
    if not turn.is_active:
        raise Refusal(RefusalCode.NOT_ALLOWED, gates.CLOSING)


def _refuse_minors(sheet: FactSheet) -> None:
    birth = sheet.values.get("profile.birth_date")
    if isinstance(birth, date) and age_on(birth, local_day(sheet.as_of)) < ADULT_YEARS:
        raise Refusal(RefusalCode.NOT_ELIGIBLE, N_("You need to be at least {age} to apply."), age=ADULT_YEARS)


def _refuse_mismatch(sheet: FactSheet) -> None:
    if identity_of(sheet) is IdentityStatus.MISMATCH:
        sentence = N_(
            "Your name and id number did not belong together. Please check them and verify your identity again."
        )
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence)


def _scored(turn: Turn, sheet: FactSheet) -> Scored | NotEnoughKnown:
    """The score of this moment: a decision never leans on one that newer facts have overtaken."""
    if not turn.has_linked:
        return NotEnoughKnown("NOTHING_LINKED", WHAT_TO_DO[ScoringState.NOTHING_LINKED], "")
    return score_now(sheet)


def _refuse_ineligible(product: Product, sheet: FactSheet, scored: Scored | NotEnoughKnown) -> None:
    """Who is refused for good is told so first; then what is asked for and unknown. Partners' products are no exception:
    a profile is filled in faster than a person answers."""
    who = applicant_of(sheet, scored if isinstance(scored, Scored) else None)
    found = eligibility.standing(product, who)
    if found is None:
        raise Refusal(
            RefusalCode.NOT_OPEN, N_("This product is not available right now."), field=("input", "productId")
        )
    for reason in found.unmet:
        raise _refusal(RefusalCode.NOT_ELIGIBLE, reason, "productId")
    for needs, reason in found.missing:
        if needs.field is None and isinstance(scored, NotEnoughKnown):
            reason = Reason(scored.code, scored.message, scored.values)
        raise _refusal(RefusalCode.NOT_ENOUGH_KNOWN, reason, needs.field)


def _refusal(code: RefusalCode, reason: Reason, field: str | None) -> Refusal:
    path = None if field is None else ("input", field)
    return Refusal(code, reason.message, field=path, **dict[str, Any](reason.values))


async def _application(
    db: Db, actor: UserActor, product: Product, amount: Money, term_months: int, mode: DecisionMode
) -> Application:
    now = await clock.now(db)
    instant = mode == DecisionMode.INSTANT
    return Application(
        user_id=actor.user_id,
        product_id=product.id,
        partner_id=product.partner_id,
        amount=amount.minor,
        currency=amount.currency,
        term_months=term_months,
        status=ApplicationStatus.SUBMITTED,
        promised_by=promises.instantly(now) if instant else promises.by_a_person(now, amount.minor, amount.currency),
        created_at=now,
        updated_at=now,
    )


async def refuse_twin(db: Db, application: Application, field: str) -> None:
    """Refuse NOT_ALLOWED a second open application for the same, and LIMIT_EXCEEDED one too many."""
    every, same = await applications.count_open(db, application)
    if same:
        raise Refusal(
            RefusalCode.NOT_ALLOWED,
            N_("You already have an open application for this product with the same amount and term."),
            field=("input", field),
        )
    if every >= OPEN_MAX:
        raise Refusal(
            RefusalCode.LIMIT_EXCEEDED, N_("You can have up to {most} open applications at a time."), most=OPEN_MAX
        )


async def _submit(db: Db, application: Application) -> None:
    db.add(application)
    await outbox.announce(db, "application.submitted", user_id=application.user_id, subject_id=application.id)


async def withdraw(db: Db, actor: UserActor, application_id: UUID) -> Application:
    """Take it back before its offer is accepted. Withdrawing twice is withdrawing once; what is decided against is NOT_OPEN."""
    application = await applications.lock(db, actor, application_id)
    if application is None:
        raise not_found(N_("We could not find this application."), ("input", "applicationId"))
    if application.status == ApplicationStatus.WITHDRAWN:
        return application
    if application.status == ApplicationStatus.ACCEPTED:
        raise Refusal(RefusalCode.NOT_OPEN, applications.CLOSED, field=("input", "applicationId"))
    await applications.move(db, application, ApplicationStatus.WITHDRAWN, "input", "applicationId")
    await offers.withdraw(db, application)
    await consents.end_for_application(db, actor.user_id, application.id)
    return application
