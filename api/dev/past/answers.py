"""How partners and reviewers answered the invented people, through the same functions as their doors."""

from decimal import Decimal

from domain.actors import PartnerActor, StaffActor
from domain.applications import applied_terms, deciding
from domain.applications.applications import AWAITING_REVIEW, Application
from domain.applications.approving import ApprovedTerms
from domain.applications.decisions import DecisionOutcome
from infra.database import Db
from infra.money import Money

CLIENT = "invented"
REASON = "BURDEN_TOO_HIGH"
DOUBT = "NOT_ENOUGH_HISTORY"
REVIEWED = {True: "Income and repayments carry this.", False: "Too much is owed elsewhere already."}


async def by_partner(db: Db, application: Application, _: StaffActor, is_yes: bool) -> None:
    terms = await _as_applied(db, application) if is_yes else None
    await _say(db, application, _outcome(is_yes), None if is_yes else REASON, terms)


async def refer(db: Db, application: Application) -> None:
    """The partner hands it to a reviewer."""
    await _say(db, application, DecisionOutcome.REFER, DOUBT, None)


async def _say(
    db: Db, application: Application, outcome: DecisionOutcome, reason: str | None, terms: ApprovedTerms | None
) -> None:
    await deciding.decide_by_partner(
        db,
        PartnerActor(application.partner_id, CLIENT),
        application_id=application.id,
        outcome=outcome,
        reasons=[(reason, None)] if reason else [],
        terms=terms,
        key=f"invented-{application.id}",
    )


async def by_reviewer(db: Db, application: Application, reviewer: StaffActor, is_yes: bool) -> None:
    if application.status in AWAITING_REVIEW:
        await deciding.decide_by_review(
            db,
            reviewer,
            application_id=application.id,
            outcome=_outcome(is_yes),
            reasons=[REVIEWED[is_yes]],
            key=f"invented-{application.id}",
        )


def _outcome(is_yes: bool) -> DecisionOutcome:
    return DecisionOutcome.APPROVE if is_yes else DecisionOutcome.DECLINE


async def _as_applied(db: Db, application: Application) -> ApprovedTerms:
    applied = await applied_terms.of_application(db, application)
    amount = Money(application.amount, application.currency)
    return ApprovedTerms(amount, application.term_months, applied.annual_rate or Decimal(0))
