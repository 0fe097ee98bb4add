"""What simulated people do with an offer: apply for it, accept it, get what it is for, and let a day pass over it."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from domain.actors import PartnerActor, UserActor
from domain.agreements import (
    accepting,
    agreements,
    claiming,
    claims,
    delivering,
    drawing,
    leaving,
    repaying,
    returning,
    treating,
)
from domain.agreements.agreements import Agreement, AgreementStatus
from domain.agreements.claims import ClaimStatus
from domain.agreements.deposits import DEPOSIT
from domain.agreements.drawing import PayoutOutcome
from domain.agreements.kinds import KINDS
from domain.agreements.repaying import RepayWish
from domain.agreements.standings import standing_of
from domain.applications import applied_terms, applying, deciding, offers
from domain.applications.applications import UNDECIDED, Application, ApplicationStatus
from domain.applications.approving import ApprovedTerms
from domain.applications.decisions import DecisionOutcome
from domain.consent.consents import ConsentScope
from domain.days import passing
from domain.deadlines import deadlines
from domain.market import quoting
from domain.market.products import Product
from domain.money import rents
from domain.money.due_dates import months_later
from domain.payments import payments
from domain.payments.payments import Payment
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.hindsight import stand_at
from infra.ids import new_id
from infra.money import Money
from infra.words import DEFAULT_LOCALE, N_
from integrations.simulated import cashier, people

SHARED = [ConsentScope.SCORE_CHECK, ConsentScope.SCORE_REPORT]
NOON = time(12)
WHY_BACK, WHY_NOT = "It is not what I wanted.", "It was so when I moved in."


async def apply(db: Db, actor: PartnerActor, product: Product, at: datetime) -> Application:
    """Somebody new applies at this time for what most people would. Refuses as applying does."""
    who = await people.arrive(db, actor.partner_id, product, at)
    usual = quoting.illustrate(product, None, None)
    return await applying.apply(
        db,
        who,
        product_id=product.id,
        amount=Money(usual.amount, usual.currency),
        term_months=usual.term_months,
        share=SHARED,
        key=f"simulated-{who.user_id}",
    )


async def approve(db: Db, actor: PartnerActor, application: Application) -> Application:
    """Approve an application on the terms that were asked for, in the partner's name. Refuses as `decide_by_partner` does."""
    applied = await applied_terms.of_application(db, application)
    amount = Money(application.amount, application.currency)
    terms = ApprovedTerms(amount, application.term_months, applied.annual_rate or Decimal(0))
    return await deciding.decide_by_partner(
        db,
        actor,
        application_id=application.id,
        outcome=DecisionOutcome.APPROVE,
        reasons=[],
        terms=terms,
        key=f"simulated-{application.id}",
    )


async def accept(db: Db, actor: PartnerActor, application: Application) -> Agreement:
    """The person accepts the offer, and gets at once all that it is for. Refuses as accepting and drawing do."""
    who = await people.actor_of(db, application.user_id)
    offer = await offers.lock(db, application)
    if offer is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("There is no offer to accept yet."), field=("input", "applicationId"))
    shown = [each.sha256 for each in offers.documents_by_language(offer)[DEFAULT_LOCALE]]
    agreement = await accepting.bind(db, who, offer.id, shown, f"simulated-{offer.id}", "")
    for deposit in await payments.of_cause(db, who.user_id, DEPOSIT, agreement.id):
        await cashier.settle(db, deposit)
    await _get(db, actor, who, agreement)
    return agreement


async def _get(db: Db, actor: PartnerActor, who: UserActor, agreement: Agreement) -> None:
    kind, all_of_it = KINDS[agreement.kind], Money(agreement.amount, agreement.currency)
    key = f"simulated-{agreement.id}"
    if kind.is_drawn:
        drawn = await drawing.draw(db, who, agreement.id, all_of_it, None, key)
        await drawing.conclude(db, who.user_id, drawn.id, PayoutOutcome.SETTLED, f"T{drawn.id.hex}")
    elif kind.is_delivered:
        await delivering.report(db, actor, agreement.id, await clock.now(db), None, key)
        await delivering.confirm(db, who, agreement.id)
    elif kind.is_treated:
        await treating.confirm(db, actor, agreement.id, all_of_it, None, key)


async def pay(db: Db, agreement: Agreement, amount: Money | None) -> Payment:
    """The person pays so much, or else what is due or, where nothing is, the next instalment. Refuses as repaying does."""
    who = await people.actor_of(db, agreement.user_id)
    usual = Money(await _due_next(db, agreement), agreement.currency)
    payment = await repaying.begin(db, who, RepayWish(agreement.id, amount or usual), _key())
    await cashier.settle(db, payment)
    return payment


async def _due_next(db: Db, agreement: Agreement) -> int:
    standing = await standing_of(db, agreement)
    return standing.due or next((row.outstanding for row in standing.life.rows if row.outstanding), 0)


async def give_notice(db: Db, agreement: Agreement) -> Agreement:
    """The person leaves on the first day that they may name. Refuses as leaving does."""
    who, standing = await people.actor_of(db, agreement.user_id), await standing_of(db, agreement)
    last = standing.ends_on or standing.on
    first = rents.leaves_from(standing.on, agreement.notice_days or 0, last)
    return await leaving.give_notice(db, who, agreement.id, first, _key())


async def send_back(db: Db, agreement: Agreement) -> Agreement:
    """The person sends the goods back. Refuses as returning does."""
    return await returning.ask(db, await people.actor_of(db, agreement.user_id), agreement.id, WHY_BACK, _key())


async def dispute(db: Db, agreement: Agreement) -> Agreement:
    """The person says no to a claim on their deposit. Refuses as claiming does."""
    return await claiming.dispute(db, await people.actor_of(db, agreement.user_id), agreement.id, WHY_NOT, _key())


async def decide_claim(db: Db, agreement: Agreement, amount: Money | None) -> Agreement:
    """Find so much of a claim right, or all of it, as staff or time would. Refuses NOT_OPEN and INVALID."""
    made = await claims.of_agreement(db, agreement.user_id, agreement.id)
    if made is None or made.status not in (ClaimStatus.OPEN, ClaimStatus.DISPUTED):
        raise Refusal(RefusalCode.NOT_OPEN, N_("This claim waits for no decision."), field=("input", "agreementId"))
    upheld = made.amount if amount is None else amount.minor
    if (amount and amount.currency != made.currency) or not 0 <= upheld <= made.amount:
        most = {"most": str(Money(made.amount, made.currency)), "currency": made.currency}
        raise invalid(N_("Uphold from 0 to {most} {currency} of it."), ("input", "amount"), **most)
    await deadlines.end(db, claims.DECISION, made.user_id, made.id)
    await claiming.uphold(db, await standing_of(db, agreement), made, upheld)
    return agreement


def _key() -> str:
    """A new one: whoever simulates the same again does so by a key of their own."""
    return f"simulated-{new_id()}"


async def be_late(db: Db, actor: PartnerActor, product: Product, days: int) -> Agreement:
    """Somebody new has had this for so long that its first instalment is late by so many days today, and nothing was paid."""
    now = await clock.now(db)
    application = await apply(db, actor, product, _began(clock.local_day(now) - timedelta(days=days), product))
    if application.status in UNDECIDED:
        await approve(db, actor, application)
    if application.status is not ApplicationStatus.APPROVED:
        sentence = N_("The rules did not approve somebody for this product, so nothing of it can be late.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=("input", "productId"))
    agreement = await accept(db, actor, application)
    await stand_at(db, now)
    await passing.pass_for(db, [agreement.user_id])
    held = await agreements.lock(db, agreement.user_id, agreement.id)
    assert held is not None and held.status is AgreementStatus.OVERDUE, "what is due and unpaid is late"
    return held


def _began(due_on: date, product: Product) -> datetime:
    """Noon of the latest day whose first instalment is due on this day: rent is at once, all else a month later."""
    day = due_on
    while not KINDS[product.kind].holds_deposit and months_later(day, 1) > due_on:
        day -= timedelta(days=1)
    return clock.local_moment(day, NOON)
