"""Reach: for how many people a product is eligible, and what came of it; to partners and staff alike, as far as each may see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from api.graphql.context import Context, Info
from api.graphql.showing import shows
from domain.actors import Actor
from domain.market.rules import ABOUT
from domain.matching.reach import funnels, rehearsing
from infra.database import Db
from infra.words import Locale, say


@strawberry.type(description="A rule that keeps people away, the first of those that do; and how many.")
class ReasonAgainst:
    code: str
    message: str
    people: int


def reasons(against: Mapping[str, int], locale: Locale) -> list[ReasonAgainst]:
    return [
        ReasonAgainst(code=code, message=say(ABOUT[code], locale), people=people) for code, people in against.items()
    ]


@shows(
    funnels.Funnel,
    description="`people`, `eligible` and `against` are of everybody at `eligibleAsOf`; the others of the days asked for. "
    "`simulated`: any of those people were, or the model that graded them. "
    "Partners are told of people to the ten, and null below 20, so that nobody can be told from it.",
)
class Reach:
    people: int | None
    eligible: int | None
    eligible_as_of: datetime | None
    simulated: bool
    shown: int | None
    opened: int | None
    applied: int
    approved: int
    declined: int
    accepted: int

    @strawberry.field(description="The most frequent first.")
    def against(root: strawberry.Parent[funnels.Funnel], info: Info) -> list[ReasonAgainst]:
        return reasons(root.against, info.context.locale)


@shows(
    rehearsing.Rehearsal,
    description="What a change would do, on the frozen people of one snapshot; nothing is written. It speaks of the product as "
    "if it were published. Partners are told to the ten, and null below 20.",
)
class Rehearsal:
    as_of: datetime
    simulated: bool
    people: int | None
    eligible_before: int | None
    eligible_after: int | None
    gained: int | None
    lost: int | None

    @strawberry.field(description="Names the snapshot: the same for rehearsals that may be compared.")
    def snapshot(root: strawberry.Parent[rehearsing.Rehearsal]) -> strawberry.ID:
        return strawberry.ID(str(root.snapshot))

    @strawberry.field(description="Of the changed product, the most frequent first.")
    def against(root: strawberry.Parent[rehearsing.Rehearsal], info: Info) -> list[ReasonAgainst]:
        return reasons(root.against, info.context.locale)


Asked = tuple[Actor, UUID, int]


async def reach_of(context: Context, actor: Actor, product_id: UUID, days: int) -> Any:
    funnels.keep_days(days)
    return await context.load(_reaches, (actor, product_id, days))


async def _reaches(db: Db, keys: set[Asked]) -> Mapping[Asked, funnels.Funnel]:
    """One actor asks, mostly for the same days of all its products."""
    found: dict[Asked, funnels.Funnel] = {}
    for actor, days in {(actor, days) for actor, _, days in keys}:
        ids = {id for who, id, of in keys if (who, of) == (actor, days)}
        within = await funnels.last_days(db, days)
        told = await funnels.of_products(db, actor, ids, within)
        found |= {(actor, id, days): funnel for id, funnel in told.items()}
    return found
