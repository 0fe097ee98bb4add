"""Agreements with a partner, and what became of the money that it was told to pay out."""

from datetime import UTC, datetime
from typing import Annotated, cast

import strawberry

from api.graphql.connections import After, Connection, First, Since, connection, resumable
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from api.partner.applications import Application
from api.partner.products import Product
from domain.actors import PartnerActor
from domain.agreements import agreements, draw_downs, drawing, feed, goods_returns, paying_to
from domain.agreements.agreements import AgreementStatus
from domain.agreements.draw_downs import DrawDownStatus
from domain.agreements.drawing import PayoutOutcome
from domain.agreements.standings import AgreementStanding, standings
from domain.applications import applications
from domain.market import products
from domain.people.payment_accounts import PaymentAccountKind
from domain.permissions import Permission
from infra.database import Db

show(
    PayoutOutcome,
    "What became of money that was to be paid out.",
    SETTLED="It was paid out: it is owed from now on.",
    FAILED="It could not be paid out: nothing of it is owed.",
)


@shows(paying_to.PayTo, description="Where money is to be paid to.")
class PayTo:
    kind: PaymentAccountKind = strawberry.field(description="Where the account is held.")
    holder: str = strawberry.field(description="Whose it is, as a register knows them.")
    number: str = strawberry.field(description="Its number.")


@shows(draw_downs.DrawDown, description="Money that the person draws, and the partner pays out.")
class DrawDown(Node):
    status: DrawDownStatus = strawberry.field(description="Where it is.")

    @strawberry.field(description="What is to be paid out: what the person drew, less the fee that is kept back.")
    def amount(root: strawberry.Parent[draw_downs.DrawDown]) -> Money:
        return Money.of(root.paid_out, root.currency)

    @strawberry.field(description="Where it is to be paid to, while it is SENT; null afterwards.")
    async def pay_to(root: strawberry.Parent[draw_downs.DrawDown], info: Info) -> PayTo | None:
        if root.status is not DrawDownStatus.SENT:
            return None
        return cast(PayTo, await info.context.load(paying_to.of_accounts, (root.user_id, root.payment_account_id)))


@shows(agreements.Agreement, description="An offer of the partner's that was accepted, and is in force.")
class Agreement(Node):
    status: AgreementStatus = strawberry.field(description="Where it stands.")
    updated_at: datetime = strawberry.field(description="When it changed last.")

    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.field(description="What it is about.")
    def product(root: strawberry.Parent[agreements.Agreement], info: Info) -> Product:
        return info.context.load(products.by_ids, root.product_id)

    @strawberry.field(description="What it came of.")
    def application(root: strawberry.Parent[agreements.Agreement], info: Info) -> Application:
        return info.context.load(applications.by_keys, (root.user_id, root.application_id))

    @strawberry.field(description="What the person owes now.")
    async def outstanding(root: strawberry.Parent[agreements.Agreement], info: Info) -> Money:
        return Money.of((await _standing(root, info)).outstanding, root.currency)

    @strawberry.field(description="For how many days the oldest instalment that is open is late; 0 where none is.")
    async def overdue_days(root: strawberry.Parent[agreements.Agreement], info: Info) -> int:
        return (await _standing(root, info)).overdue_days

    @strawberry.field(description="What was drawn, newest first.")
    async def draw_downs(root: strawberry.Parent[agreements.Agreement], info: Info) -> list[DrawDown]:
        return cast(list[DrawDown], [*reversed((await _standing(root, info)).draw_downs)])

    @strawberry.field(description="Why the person sends goods back, in their words; null where none are on their way.")
    async def return_reason(root: strawberry.Parent[agreements.Agreement], info: Info) -> str | None:
        if root.status is not AgreementStatus.RETURNING:
            return None
        asked = await info.context.load(goods_returns.newest_of_agreements, (root.user_id, root.id))
        words = await info.context.load(goods_returns.words_of, (root.user_id, asked.id)) if asked else None
        return words.reason if words else None

    @strawberry.field(
        description="By when `confirmReturn` or `refuseReturn` answers for goods on their way back: seven working days. Null where "
        "none are."
    )
    async def return_answer_by(root: strawberry.Parent[agreements.Agreement], info: Info) -> datetime | None:
        if root.status is not AgreementStatus.RETURNING:
            return None
        asked = await info.context.load(goods_returns.newest_of_agreements, (root.user_id, root.id))
        return asked.answer_by if asked else None


async def _standing(root: agreements.Agreement, info: Info) -> AgreementStanding:
    standing = await info.context.load(standings, (root.user_id, root.id))
    assert standing is not None, "it was shown just now"
    return standing


@strawberry.type
class AgreementQuery:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.field(
        description="A feed of changes, oldest first. Ask again after `endCursor`, which is there even when nothing is, "
        "and no change is ever missed."
    )
    async def agreements(
        self,
        info: Info,
        updated_since: Since = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Agreement] | None:
        since = updated_since.astimezone(UTC) if updated_since is not None else None
        return connection(resumable(await feed.page(info.context.partner, since, first=first, after=after)))


ReportPayoutResult = Annotated[
    DrawDown | Refused,
    strawberry.union("ReportPayoutResult", description="The draw-down, as it ended, or why it was not taken so."),
]


@strawberry.input(description="What became of a payout.")
class ReportPayoutInput:
    draw_down_id: strawberry.ID = strawberry.field(description="Of a DrawDown.", metadata=id_check("DrawDown"))
    outcome: PayoutOutcome = strawberry.field(description="How it ended. The same again is the same; another is STALE.")
    reference: str | None = strawberry.field(
        default=None, description="The partner's own, up to 128 characters, and nothing about the person."
    )
    idempotency_key: str = key()


@strawberry.type
class AgreementMutation:
    @requires(Permission.ANSWER_APPLICATIONS)
    @strawberry.mutation(description="Say what became of money that the partner was told to pay out.")
    async def report_payout(self, info: Info, input: Input[ReportPayoutInput]) -> ReportPayoutResult | None:
        actor = info.context.partner
        return await commit(info, lambda db: _report(db, actor, input))


async def _report(db: Db, actor: PartnerActor, input: ReportPayoutInput) -> draw_downs.DrawDown:
    draw_down_id = id_of("DrawDown", input.draw_down_id, "input", "drawDownId")
    return await drawing.report(db, actor, draw_down_id, input.outcome, input.reference, input.idempotency_key)
