"""Draw-downs: money of a loan on its way to the person."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.types.lazy_type import LazyType

from api.app.viewing import viewer_field
from api.graphql.context import Info
from api.graphql.scalars import Money
from api.graphql.showing import Node, shows
from domain.agreements import agreements, draw_downs
from domain.agreements.draw_downs import DrawDownStatus

# By name, since an agreement leads to all that was drawn of it.
AGREEMENT: LazyType[Any, Any] = LazyType("Agreement", "api.app.agreements")


@shows(draw_downs.DrawDown, description="Money of a loan on its way to the person.")
class DrawDown(Node):
    viewer = viewer_field()
    status: DrawDownStatus = strawberry.field(description="Where it is.")
    sent_at: datetime = strawberry.field(
        description="When the person asked for it, and the partner was told to pay it out."
    )
    settled_at: datetime | None = strawberry.field(
        description="When it was paid out: since then it is owed. Null while it is on its way, and where it failed."
    )

    @strawberry.field(graphql_type=AGREEMENT, description="What it belongs to.")
    def agreement(root: strawberry.Parent[draw_downs.DrawDown], info: Info) -> Any:
        return info.context.load(agreements.by_ids, (root.user_id, root.agreement_id))

    @strawberry.field(description="What was drawn; it becomes owed when it is paid out.")
    def amount(root: strawberry.Parent[draw_downs.DrawDown]) -> Money:
        return Money.of(root.amount, root.currency)

    @strawberry.field(description="What of it is kept back as a fee; the rest is paid out.")
    def fee(root: strawberry.Parent[draw_downs.DrawDown]) -> Money:
        return Money.of(root.withheld, root.currency)
