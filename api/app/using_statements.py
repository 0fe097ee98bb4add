"""Letting a bill count that was sent and shown."""

from typing import Annotated

import strawberry

from api.app.accounts import LinkedAccount
from api.graphql.context import Info
from api.graphql.mutations import Input, commit, id_check, id_of, key
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from domain.permissions import Permission
from domain.statements import using

UseStatementResult = Annotated[
    LinkedAccount | Refused,
    strawberry.union(
        "UseStatementResult", description="The account that the bill stands for, or why it does not count."
    ),
]


@strawberry.input(description="Which bill is to count.")
class UseStatementInput:
    statement_id: strawberry.ID = strawberry.field(
        description="The `statementId` that `POST /statements` answered.", metadata=id_check("Statement")
    )
    idempotency_key: str = key()


@strawberry.type
class StatementMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Let count what `POST /statements` has read and shown. It stands as an account of its own, beside a link of the "
        "same company and in the place of a bill of that company before it; unlink it as any other."
    )
    async def use_statement(self, info: Info, input: Input[UseStatementInput]) -> UseStatementResult | None:
        actor = info.context.user
        statement_id = id_of("Statement", input.statement_id, "input", "statementId")
        return await commit(info, lambda db: using.use(db, actor, statement_id, key=input.idempotency_key))
