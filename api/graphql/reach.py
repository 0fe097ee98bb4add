"""Reach: for how many people a product is eligible, and what came of it; to partners and staff alike, as far as each may see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from api.graphql.context import Context, Info
from api.graphql.showing import shows
from domain.actors import Actor
from domain.market.rules import ABOUT
from domain.matching.reach import funnels, rehearsing
from infra.database import Db
from infra.words import Locale, say

DISCLOSED = (
    "What a partner is told of people: each counts as in the middle of a step, of five years of age and of 500 a month of "
    "income and of what is owed, so no questions, whatever is combined, tell anybody finer than a step. Counts bear an "
    "error of at most 15 for each 20,000 people, which is the same for the same people however and however often they "
    "are asked for; then they are told in tens, and null below 20."
)


@strawberry.type(description="A rule that keeps people away, the first of those that do; and how many.")
class ReasonAgainst:
    code: str = strawberry.field(description="Stable, as INCOME_TOO_LOW; `api/codes.md` lists them.")
    message: str = strawberry.field(description="What those people have in common, in the asker's language.")
    people: int = strawberry.field(description="How many, each counted once: under the first rule that speaks against.")


def reasons(against: Mapping[str, int], locale: Locale) -> list[ReasonAgainst]:
    return [
        ReasonAgainst(code=code, message=say(ABOUT[code], locale), people=people) for code, people in against.items()
    ]


@shows(
    funnels.Funnel,
    description="`people`, `eligible` and `against` are of everybody at `eligibleAsOf`; the others of the days asked for. "
    "`simulated`: any of those people were, or the model that graded them. "
    f"{DISCLOSED}",
)
class Reach:
    people: int | None = strawberry.field(description="Everybody who was looked at; null before the first night.")
    eligible: int | None = strawberry.field(description="Those of them whom no rule keeps away.")
    eligible_as_of: datetime | None = strawberry.field(
        description="When they were counted; null before the first night."
    )
    simulated: bool = strawberry.field(
        description="Whether any of the people, or the model that graded them, is simulated."
    )
    shown: int | None = strawberry.field(description="How often it was shown among a person's matches.")
    opened: int | None = strawberry.field(description="How often it was then opened.")
    applied: int = strawberry.field(description="How many applied.")
    approved: int = strawberry.field(description="How many applications were approved.")
    declined: int = strawberry.field(description="How many applications were declined.")
    accepted: int = strawberry.field(description="How many offers were accepted.")

    @strawberry.field(description="The most frequent first.")
    def against(root: strawberry.Parent[funnels.Funnel], info: Info) -> list[ReasonAgainst]:
        return reasons(root.against, info.context.locale)


@shows(
    rehearsing.Rehearsal,
    description="What a change would do, on the frozen people of one snapshot; nothing is written. It speaks of the product as "
    f"if it were published. {DISCLOSED} So many different changes a day are answered (LIMIT_EXCEEDED), the same ones again "
    "at any time.",
)
class Rehearsal:
    as_of: datetime = strawberry.field(description="When the people were frozen.")
    simulated: bool = strawberry.field(
        description="Whether any of the people, or the model that graded them, is simulated."
    )
    people: int | None = strawberry.field(description="Everybody in the snapshot.")
    eligible_before: int | None = strawberry.field(description="For how many the product is open as it is.")
    eligible_after: int | None = strawberry.field(description="For how many it would be open after the change.")
    gained: int | None = strawberry.field(description="For how many it would open.")
    lost: int | None = strawberry.field(description="For how many it would close.")

    @strawberry.field(description="Names the snapshot: the same for rehearsals that may be compared.")
    def snapshot(root: strawberry.Parent[rehearsing.Rehearsal]) -> strawberry.ID:
        return strawberry.ID(str(root.snapshot))

    @strawberry.field(description="Of the changed product, the most frequent first.")
    def against(root: strawberry.Parent[rehearsing.Rehearsal], info: Info) -> list[ReasonAgainst]:
        return reasons(root.against, info.context.locale)


Days = Annotated[int, strawberry.argument(description=f"Of how many days, today included: 1 to {funnels.DAYS_MAX}.")]
Asked = tuple[Actor, UUID, int]


async def reach_of(context: Context, actor: Actor, product_id: UUID, days: int) -> Any:
    funnels.check_days(days)
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
