"""Repayments: money from the person on its way to an agreement, what they have to do for it, and what goes back to them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.app.draw_downs import AGREEMENT
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, answer, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import URL, Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.agreements import agreements, repaying
from domain.agreements.repaying import RepayWish
from domain.payments import mandates, payments
from domain.payments.cashiers import PaymentStatus
from domain.payments.payments import Payment
from domain.permissions import Permission
from infra import clock
from infra.database import reading
from infra.loaders import Tick


@strawberry.type(description="What the person has to do at the cashier.")
class NextAction:
    url: URL = strawberry.field(description="The cashier's page, to be opened in a browser.")
    expires_at: datetime = strawberry.field(description="Until when it can be done there.")


@shows(Payment, description="Money from the person for an agreement. It counts once it is SETTLED, and never before.")
class Repayment(Node):
    viewer = viewer_field()
    status: PaymentStatus = strawberry.field(description="Where it is.")
    begun_at: datetime = strawberry.field(description="When the person asked to pay.")
    settled_at: datetime | None = strawberry.field(description="When it was paid; null until it is.")

    @strawberry.field(description="How much.")
    def amount(root: strawberry.Parent[Payment]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="What there is to do now; null where there is nothing.")
    async def next_action(root: strawberry.Parent[Payment], info: Info) -> NextAction | None:
        return await action_of(root, info)

    @strawberry.field(graphql_type=AGREEMENT, description="What it is for.")
    def agreement(root: strawberry.Parent[Payment], info: Info) -> Any:
        return info.context.load(agreements.by_ids, (root.user_id, root.cause_id))


def repayments_field() -> Any:
    """The field `repayments` of an agreement."""

    async def repayments(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[Repayment]:
        return await _repayments_of(root, info)

    return strawberry.field(resolver=repayments, description="What the person paid or is about to pay, newest first.")


def next_action_field() -> Any:
    """The field `nextAction` of an agreement."""

    async def next_action(root: strawberry.Parent[agreements.Agreement], info: Info) -> NextAction | None:
        mine = (root.user_id, root.id)
        asked = info.context.load(mandates.open_of_agreements, mine)  # together with the payments
        for payment in await info.context.load(payments.of_causes, mine) or []:
            if action := await action_of(payment, info):
                return action
        mandate = await asked
        if mandate is None or mandate.page_sealed is None:
            return None
        action = await info.context.load(mandates.actions, mine)
        return NextAction(url=URL(action.page), expires_at=action.expires_at) if action else None

    return strawberry.field(
        resolver=next_action,
        description="What the person has to do at the cashier, found again after a restart of the app; null where nothing is.",
    )


async def _repayments_of(agreement: agreements.Agreement, info: Info) -> Any:
    found = await info.context.load(payments.of_causes, (agreement.user_id, agreement.id))
    return [payment for payment in found or [] if payment.cause == repaying.REPAYMENT]


async def action_of(payment: Payment, info: Info) -> NextAction | None:
    if payment.status is not PaymentStatus.NEEDS_ACTION:
        return None
    action = await info.context.load(payments.actions, (payment.user_id, payment.id))
    return NextAction(url=URL(action.page), expires_at=action.expires_at) if action else None


RepayResult = Annotated[
    Repayment | Refused, strawberry.union("RepayResult", description="The payment, or why none was begun.")
]


@strawberry.input(description="How much to pay, and for what.")
class RepayInput:
    agreement_id: strawberry.ID = strawberry.field(description="Of an Agreement.", metadata=id_check("Agreement"))
    amount: MoneyInput = strawberry.field(description="Above zero. What is paid beyond what is owed becomes `credit`.")
    payoff_quote_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of a PayoffQuote: the amount is that quote's, and settles all."
    )
    idempotency_key: str = key()


@strawberry.type
class RepaymentMutation:
    @requires(Permission.SIGNED_IN, even_recovering=True)
    @strawberry.mutation(
        description="Pay on an agreement; on one whose deposit is DUE, the deposit. What is owed falls once the payment is "
        "SETTLED; NEEDS_ACTION says what to do first."
    )
    async def repay(self, info: Info, input: Input[RepayInput]) -> RepayResult | None:
        return await answer(info.context, _repay(info, input))


async def _repay(info: Info, input: RepayInput) -> Payment:
    actor = info.context.user
    wish = RepayWish(
        agreement_id=id_of("Agreement", input.agreement_id, "input", "agreementId"),
        amount=input.amount.to_money("input", "amount"),
        quote=input.payoff_quote_id,
        address=info.context.ip,
    )
    payment = await repaying.repay(actor, wish, input.idempotency_key)
    await read_on(info)
    return payment


async def read_on(info: Info) -> None:
    """What the answer shows besides is read as of now."""
    async with reading() as db:
        info.context.tick = Tick(await clock.now(db))
