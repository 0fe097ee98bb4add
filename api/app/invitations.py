"""Invitations: what partners ask the person to apply for, and what they answer."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.applications import Application
from api.app.products import Partner, Product
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.mutations import Input, answer, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.showing import Node, shows
from domain.actors import UserActor
from domain.applications import applications
from domain.consent.consents import ConsentScope
from domain.invitations import accepting, invitations
from domain.invitations.invitations import InvitationStatus
from domain.market import products
from domain.permissions import Permission
from integrations import accepting_invitations

show(
    InvitationStatus,
    "What became of an invitation.",
    OPEN="It can be answered until it expires.",
    ACCEPTED="The person applied with it.",
    DECLINED="The person said no.",
    REPLACED="A newer one for the same product took its place.",
)


@shows(invitations.Invitation, description="A partner's offer to apply for a product; nobody is bound by it.")
class Invitation(Node):
    viewer = viewer_field()
    invited_at: datetime = strawberry.field(description="When the partner invited the person.")
    expires_at: datetime = strawberry.field(description="Until when it can be answered.")
    status: InvitationStatus = strawberry.field(description="What became of it.")

    @strawberry.field(description="What it is for.")
    def product(root: strawberry.Parent[invitations.Invitation], info: Info) -> Product:
        return info.context.load(products.by_ids, root.product_id)

    @strawberry.field(description="Who invites. They do not learn that the person is here unless they apply.")
    def partner(root: strawberry.Parent[invitations.Invitation], info: Info) -> Partner:
        return info.context.load(products.partners_by_ids, root.partner_id)

    @strawberry.field(description="The most that the person can apply for with it.")
    def max_amount(root: strawberry.Parent[invitations.Invitation]) -> Money:
        return Money.of(root.max_amount, root.currency)

    @strawberry.field(description="What the person applied for with it; null until then.")
    def application(root: strawberry.Parent[invitations.Invitation], info: Info) -> Application | None:
        if root.application_id is None:
            return None
        return info.context.load(applications.by_keys, (root.user_id, root.application_id))


AcceptInvitationResult = Annotated[
    Application | Refused,
    strawberry.union("AcceptInvitationResult", description="The application, decided now, or why there is none."),
]
DeclineInvitationResult = Annotated[
    Invitation | Refused,
    strawberry.union("DeclineInvitationResult", description="The invitation, over now, or why it stays."),
]


@strawberry.input(description="What to apply for with an invitation.")
class AcceptInvitationInput:
    invitation_id: strawberry.ID = strawberry.field(description="Of an Invitation.", metadata=id_check("Invitation"))
    amount: MoneyInput = strawberry.field(description="Up to the invitation's `maxAmount`.")
    term_months: int = strawberry.field(description="One of the product's `termMonths`.")
    share: list[ConsentScope] = strawberry.field(
        description="What this partner may see for this application; the person chose it, nothing is pre-ticked."
    )
    idempotency_key: str = key()


@strawberry.input(description="Which invitation to say no to.")
class DeclineInvitationInput:
    invitation_id: strawberry.ID = strawberry.field(description="Of an Invitation.", metadata=id_check("Invitation"))


@strawberry.type
class InvitationMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Apply with an invitation. Linked accounts are asked what they tell now, for three seconds; then the rules decide, "
        "so the decision and an offer are in the answer already."
    )
    async def accept_invitation(self, info: Info, input: Input[AcceptInvitationInput]) -> AcceptInvitationResult | None:
        return await answer(info.context, _accept(info.context.user, input, info.context.ip))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Say no to an invitation. Its partner does not learn it, and cannot ask again meanwhile."
    )
    async def decline_invitation(
        self, info: Info, input: Input[DeclineInvitationInput]
    ) -> DeclineInvitationResult | None:
        actor = info.context.user
        invitation_id = id_of("Invitation", input.invitation_id, "input", "invitationId")
        return await commit(info, lambda db: accepting.decline(db, actor, invitation_id))


async def _accept(actor: UserActor, input: AcceptInvitationInput, ip: str) -> applications.Application:
    return await accepting_invitations.accept(
        actor,
        invitation_id=id_of("Invitation", input.invitation_id, "input", "invitationId"),
        amount=input.amount.to_money("input", "amount"),
        term_months=input.term_months,
        share=input.share,
        key=input.idempotency_key,
        ip=ip,
    )
