"""Leaving: the person has their account erased, or comes back before it is."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.app.people import User
from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.mutations import Input, commit
from api.graphql.refusals import Refused
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain.permissions import Permission
from domain.privacy import leaving
from infra.words import say


@shows(leaving.DeletionStanding, description="The account is restricted now, and is going to be erased.")
class AccountDeletion:
    viewer = viewer_field()
    effective_at: datetime | None = strawberry.field(
        description="When all is erased, unless it is called off; null while something is waited for."
    )

    @strawberry.field(
        description="What has to come to its end first, as a debt or a plan, in the language that was asked for."
    )
    def waits_for(root: strawberry.Parent[leaving.DeletionStanding], info: Info) -> list[str]:
        return [say(sentence, info.context.locale) for sentence in root.waits_for]


DeleteMyAccountResult = Annotated[
    AccountDeletion | Refused,
    strawberry.union("DeleteMyAccountResult", description="When it is done and what it waits for, or why not."),
]
CancelDeletionResult = Annotated[
    User | Refused, strawberry.union("CancelDeletionResult", description="The person, who stays, or why not.")
]


@strawberry.input(description="That the person means it.")
class DeleteMyAccountInput:
    confirmation: str = strawberry.field(description="The person's own phone number, E.164.")


@strawberry.type
class DeletionMutation:
    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(
        description="Leave for good: nothing new begins from now on, consents end, and after 15 days all is erased that no law keeps; "
        "with a debt, once that is settled. A session older than a day steps up for it."
    )
    async def delete_my_account(self, info: Info, input: Input[DeleteMyAccountInput]) -> DeleteMyAccountResult | None:
        actor = info.context.user
        return await commit(info, lambda db: leaving.ask(db, actor, input.confirmation))

    @requires(Permission.SIGNED_IN)
    @strawberry.mutation(description="Stay after all, before it is done. What has ended stays ended. Twice is once.")
    async def cancel_deletion(self, info: Info) -> CancelDeletionResult | None:
        actor = info.context.user
        return await commit(info, lambda db: leaving.cancel(db, actor))
