"""The second factors that a person has: what signing in asks for."""

from datetime import datetime

import strawberry

from api.graphql.showing import shows
from domain.people import second_factors
from domain.people.second_factors import FactorKind
from infra.ids import global_id


@shows(second_factors.SecondFactor, description="A second factor that signing in asks for.")
class HeldFactor:
    kind: FactorKind = strawberry.field(description="What it is.")
    confirmed_at: datetime | None = strawberry.field(description="Since when.")
    ends_at: datetime | None = strawberry.field(
        description="Until when, after somebody signed in without it; whoever uses it before keeps it. Null: for good."
    )

    @strawberry.field(description="Names it; `removeSecondFactor` takes it.")
    def id(root: strawberry.Parent[second_factors.SecondFactor]) -> strawberry.ID:
        return strawberry.ID(global_id("SecondFactor", root.id))
