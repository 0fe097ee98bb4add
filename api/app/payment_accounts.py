"""Payment accounts: where money goes to the person and comes from."""

from typing import Annotated

import strawberry

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.inputs import CHECK
from api.graphql.mutations import Input, answer, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import Node, shows
from domain.people import payment_accounts
from domain.people.payment_accounts import PaymentAccountKind, SaidAccount
from domain.permissions import Permission
from integrations import adding_accounts


@shows(payment_accounts.PaymentAccount, description="An account of the person's own, checked against their identity.")
class PaymentAccount(Node):
    viewer = viewer_field()
    kind: PaymentAccountKind = strawberry.field(description="Where it is held.")
    is_default: bool = strawberry.field(description="Whether money goes there where no other is named.")

    @strawberry.field(description="Enough to know it by: ****1234.")
    async def masked_number(root: strawberry.Parent[payment_accounts.PaymentAccount], info: Info) -> str:
        return await info.context.load(payment_accounts.masked, (root.user_id, root.id, root.number_sealed))


AddPaymentAccountResult = Annotated[
    PaymentAccount | Refused,
    strawberry.union("AddPaymentAccountResult", description="The account, or why it was not added."),
]
RemovePaymentAccountResult = Annotated[
    PaymentAccount | Refused,
    strawberry.union("RemovePaymentAccountResult", description="The account, removed now, or why it stays."),
]


@strawberry.input(description="An account of the person's own.")
class AddPaymentAccountInput:
    kind: PaymentAccountKind = strawberry.field(description="Where it is held.")
    number: str = strawberry.field(
        description="12 to 19 digits, of which the last checks the others.",
        metadata={CHECK: payment_accounts.number_of},
    )
    is_default: bool = strawberry.field(description="Whether money goes there from now on. The first one is it anyway.")
    idempotency_key: str = key()


@strawberry.input(description="Which account to remove.")
class RemovePaymentAccountInput:
    payment_account_id: strawberry.ID = strawberry.field(
        description="Of a PaymentAccount.", metadata=id_check("PaymentAccount")
    )


@strawberry.type
class PaymentAccountMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Add an account that the person holds. Asks for a CHECKED identity, and in a session younger than a day "
        "for a step-up. Adding one again is adding it once."
    )
    async def add_payment_account(
        self, info: Info, input: Input[AddPaymentAccountInput]
    ) -> AddPaymentAccountResult | None:
        said = SaidAccount(input.kind, payment_accounts.number_of(input.number), input.is_default)
        return await answer(info.context, adding_accounts.add(info.context.user, said, input.idempotency_key))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Remove an account, unless money is on its way to it or from it.")
    async def remove_payment_account(
        self, info: Info, input: Input[RemovePaymentAccountInput]
    ) -> RemovePaymentAccountResult | None:
        actor = info.context.user
        account_id = id_of("PaymentAccount", input.payment_account_id, "input", "paymentAccountId")
        return await commit(info, lambda db: payment_accounts.remove(db, actor, account_id))
