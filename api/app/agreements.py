"""Agreements: accepted offers in force, and what a person does with them."""

from datetime import date, datetime
from typing import Annotated, cast

import strawberry

from api.app.deposits import Deposit, deposit_of
from api.app.documents import Document, documents_of
from api.app.draw_downs import DrawDown
from api.app.handovers import goods_return_field, handover_field
from api.app.hardships import Hardship
from api.app.instalments import Instalment, schedule_of, schedule_of_offer
from api.app.offers import Offer
from api.app.papers import Paper, papers_of
from api.app.products import Product
from api.app.repayments import next_action_field, read_on, repayments_field
from api.app.statements import Movement, PayoffQuote, quote_of
from api.app.viewing import viewer_field
from api.graphql.connections import After, Connection, First, connection
from api.graphql.context import Info
from api.graphql.mutations import Input, answer, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.agreements import accepting, agreements, draw_downs, drawing, hardships, quotes, statements
from domain.agreements.agreements import AgreementStatus
from domain.agreements.kinds import KINDS
from domain.agreements.papers import papers as issued_papers
from domain.agreements.standings import AgreementStanding, standings
from domain.applications import offers
from domain.market import products
from domain.payments import mandates
from domain.payments.cashiers import MandateStatus
from domain.permissions import Permission
from infra import clock
from infra.database import Db

QuoteDay = Annotated[date | None, strawberry.argument(description="Absent: today.")]


@shows(agreements.Agreement, description="An accepted offer in force.")
class Agreement(Node):
    viewer = viewer_field()
    repayments = repayments_field()
    next_action = next_action_field()
    handover = handover_field()
    goods_return = goods_return_field()
    status: AgreementStatus = strawberry.field(description="Where it stands.")
    signed_at: datetime = strawberry.field(description="When the offer was accepted.")
    cooling_off_until: datetime = strawberry.field(
        description="Until when the acceptance can be taken back by `withdrawApplication`, as long as nothing is drawn or delivered."
    )

    @strawberry.field(description="What it is about.")
    def product(root: strawberry.Parent[agreements.Agreement], info: Info) -> Product:
        return info.context.load(products.by_ids, root.product_id)

    @strawberry.field(description="The terms that were accepted.")
    def offer(root: strawberry.Parent[agreements.Agreement], info: Info) -> Offer:
        return cast(Offer, info.context.load(offers.of_applications, (root.user_id, root.application_id)))

    @strawberry.field(description="What the person read before they accepted.")
    async def documents(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[Document]:
        offer = await info.context.load(offers.of_applications, (root.user_id, root.application_id))
        every = [each for shown in offers.documents_by_language(offer).values() for each in shown] if offer else []
        return documents_of({each.sha256: each for each in every if each.sha256 in root.documents}.values())

    @strawberry.field(description="What the person can have in writing of it, in the language in which they ask.")
    async def papers(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[Paper]:
        issued = await info.context.load(issued_papers.of_agreements, (root.user_id, root.id))
        return papers_of(await _standing(root, info), issued or [], info.context.locale)

    @strawberry.field(
        description="What is due when, and what of it is paid; without days until something is drawn or delivered."
    )
    async def schedule(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[Instalment]:
        standing = await _standing(root, info)
        if root.status is AgreementStatus.UNWOUND:
            return []
        if standing.life.rows:
            return schedule_of(standing, standing.life.rows)
        offer = await info.context.load(offers.of_applications, (root.user_id, root.application_id))
        return schedule_of_offer(offer) if offer else []

    @strawberry.field(
        description="What is owed: principal that was paid out and is not repaid, and interest and fees booked to date; never "
        "what is still to come."
    )
    async def outstanding(root: strawberry.Parent[agreements.Agreement], info: Info) -> Money:
        return Money.of((await _standing(root, info)).outstanding, root.currency)

    @strawberry.field(description="What the person has paid too much.")
    async def credit(root: strawberry.Parent[agreements.Agreement], info: Info) -> Money:
        return Money.of((await _standing(root, info)).credit, root.currency)

    @strawberry.field(
        description="What may still be drawn, less what is on its way; null where nothing is drawn at all."
    )
    async def drawable(root: strawberry.Parent[agreements.Agreement], info: Info) -> Money | None:
        if not KINDS[root.kind].is_drawn:
            return None
        return Money.of((await _standing(root, info)).drawable, root.currency)

    @strawberry.field(description="When the last instalment is due; null until something is drawn.")
    async def ends_on(root: strawberry.Parent[agreements.Agreement], info: Info) -> date | None:
        return (await _standing(root, info)).ends_on

    @strawberry.field(
        description="The day of the month on which instalments are due, or its last where it has no such day."
    )
    async def due_day(root: strawberry.Parent[agreements.Agreement], info: Info) -> int | None:
        return (await _standing(root, info)).due_day

    @strawberry.field(description="For how many days the oldest instalment that is open is late; 0 where none is.")
    async def overdue_days(root: strawberry.Parent[agreements.Agreement], info: Info) -> int:
        return (await _standing(root, info)).overdue_days

    @strawberry.field(description="What was drawn, newest first.")
    async def draw_downs(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[DrawDown]:
        return cast(list[DrawDown], [*reversed((await _standing(root, info)).draw_downs)])

    @strawberry.field(description="Whether instalments are drawn on their days, by a mandate that is signed.")
    async def autopay(root: strawberry.Parent[agreements.Agreement], info: Info) -> bool:
        mandate = await info.context.load(mandates.open_of_agreements, (root.user_id, root.id))
        return mandate is not None and mandate.status is MandateStatus.SIGNED

    @strawberry.field(description="What is held while it lasts; null where there is none, as of a loan.")
    async def deposit(root: strawberry.Parent[agreements.Agreement], info: Info) -> Deposit | None:
        return await deposit_of(root, info)

    @strawberry.field(description="The hardship that is asked for or in force; null without one.")
    async def hardship(root: strawberry.Parent[agreements.Agreement], info: Info) -> Hardship | None:
        return cast(Hardship | None, await info.context.load(hardships.open_of_agreements, (root.user_id, root.id)))

    @strawberry.field(
        description="The last day of a legal breathing space, in which nothing here bears interest or costs fees and nobody presses "
        "for it; null outside of one."
    )
    async def breathing_until(root: strawberry.Parent[agreements.Agreement], info: Info) -> date | None:
        return (await _standing(root, info)).breathes_until

    @strawberry.field(
        description="What settles everything on that day, from today to 30 days ahead, to the cent; null when nothing is owed."
    )
    async def payoff_quote(
        root: strawberry.Parent[agreements.Agreement], info: Info, on: QuoteDay = None
    ) -> PayoffQuote | None:
        quote = quotes.quote(await _standing(root, info), on)
        return quote_of(quote) if quote else None

    @strawberry.field(description="The statement, newest first.")
    async def movements(
        root: strawberry.Parent[agreements.Agreement], info: Info, first: First = None, after: After = None
    ) -> Connection[Movement] | None:
        standing = await _standing(root, info)
        page = statements.page_of(standing, clock.begins(standing.on), first, after)
        return cast(Connection[Movement], connection(page))


async def _standing(root: agreements.Agreement, info: Info) -> AgreementStanding:
    standing = await info.context.load(standings, (root.user_id, root.id))
    assert standing is not None, "it was shown just now"
    return standing


AcceptOfferResult = Annotated[
    Agreement | Refused, strawberry.union("AcceptOfferResult", description="The agreement, or why there is none.")
]


@strawberry.input(description="Which offer to accept.")
class AcceptOfferInput:
    offer_id: strawberry.ID = strawberry.field(description="Of an Offer.", metadata=id_check("Offer"))
    documents: list[str] = strawberry.field(
        description="The sha256 of each document that the person saw: all of the offer's, in one language."
    )
    idempotency_key: str = key()


DrawDownResult = Annotated[
    DrawDown | Refused,
    strawberry.union("DrawDownResult", description="The money on its way, or why nothing was drawn."),
]


@strawberry.input(description="What to draw, and where it is to go.")
class DrawDownInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    amount: MoneyInput = strawberry.field(description="Above zero, up to `drawable`.")
    payment_account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of a PaymentAccount; absent: the default one.", metadata=id_check("PaymentAccount")
    )
    idempotency_key: str = key()


@strawberry.type
class AgreementMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Accept an offer, bound to the documents that the person saw; `nextAction` is where a deposit is paid. For a day "
        "it can be taken back by `withdrawApplication`, as long as nothing is drawn."
    )
    async def accept_offer(self, info: Info, input: Input[AcceptOfferInput]) -> AcceptOfferResult | None:
        actor = info.context.user
        return await answer(info.context, _accept(info, actor, input))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Draw money of a loan, within `drawable`. The partner is told at once to pay it out; it is owed from then. "
        "Asks for a CHECKED identity, and above an amount for a step-up."
    )
    async def draw_down(self, info: Info, input: Input[DrawDownInput]) -> DrawDownResult | None:
        actor = info.context.user
        return await commit(info, lambda db: _draw(db, actor, input))


async def _accept(info: Info, actor: UserActor, input: AcceptOfferInput) -> agreements.Agreement:
    offer_id = id_of("Offer", input.offer_id, "input", "offerId")
    key, address = input.idempotency_key, info.context.ip
    agreement = await accepting.accept(actor, offer_id, input.documents, key, address=address)
    await read_on(info)
    return agreement


async def _draw(db: Db, actor: UserActor, input: DrawDownInput) -> draw_downs.DrawDown:
    account = input.payment_account_id
    return await drawing.draw(
        db,
        actor,
        id_of("Agreement", input.agreement_id, "input", "agreementId"),
        input.amount.to_money("input", "amount"),
        None if account is None else id_of("PaymentAccount", account, "input", "paymentAccountId"),
        input.idempotency_key,
    )
