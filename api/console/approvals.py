"""What waits for a second person, of all kinds."""

from datetime import datetime
from typing import cast

import strawberry

from api.graphql.context import Info
from api.graphql.requiring import requires
from api.graphql.showing import shows
from domain import approvals
from domain.people import staff
from domain.permissions import Permission
from infra.database import reading
from infra.ids import global_id


@shows(approvals.Approval, description="Something that somebody else proposed, and that waits for your word.")
class Approval:
    kind: str = strawberry.field(description="What it is, as `tier-rules` or `model`.")
    title: str = strawberry.field(description="What its author calls it.")
    hash: str = strawberry.field(description="Of all that you approve: name it when you do.")

    @strawberry.field(description="Permanent and opaque.")
    def id(root: strawberry.Parent[approvals.Approval]) -> strawberry.ID:
        return strawberry.ID(global_id("Approval", root.id))

    @strawberry.field(description="Who proposed it, by name.")
    async def author(root: strawberry.Parent[approvals.Approval], info: Info) -> str:
        return cast(str, await info.context.load(staff.names_of, root.proposed_by))

    @strawberry.field(description="Since when it waits.")
    def since(root: strawberry.Parent[approvals.Approval]) -> datetime:
        return root.proposed_at


@strawberry.type
class ApprovalQuery:
    @requires(Permission.SIGNED_IN)
    @strawberry.field(description="What waits for your word, the oldest first; never what you proposed yourself.")
    async def approvals(self, info: Info) -> list[Approval]:
        async with reading() as db:
            return cast(list[Approval], await approvals.waiting_for(db, info.context.staff))
