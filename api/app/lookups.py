"""Lookups: who looked at the person, when, for what, and what they were answered."""

from datetime import datetime
from typing import cast

import strawberry

from api.app.products import Partner
from api.graphql.context import Info
from api.graphql.enums import show
from api.graphql.showing import shows
from domain.consent import lookups
from domain.consent.consents import ConsentScope, Purpose
from domain.consent.lookups import LookupAnswer, LookupKind
from domain.credit.grades import Grade
from domain.market import products
from infra.ids import global_id
from infra.words import N_, say

show(
    LookupAnswer,
    "What somebody who looked was told.",
    YES="The grade is at least so good.",
    NO="It is not.",
    UNKNOWN="There was no score to tell of.",
    REPORT="What they asked to see.",
    TAKEN="Nothing: they told facts of the person, which were written down.",
    REFUSED="Nothing: there was no live consent for it.",
)
QUESTIONS = {
    LookupKind.CHECK: N_("Whether your grade is at least {at_least}"),
    LookupKind.REPORT: N_("Your grade, your points and what they are made of"),
    LookupKind.ANSWER: N_("Your grade, to answer your application"),
    LookupKind.REVIEW: N_("Your application with your grade, your points and your income and debts in round numbers"),
    LookupKind.DISPUTE: N_("What you disputed, and the facts behind it"),
    LookupKind.CONTRIBUTION: N_("They told us facts about you; these count until you take your consent back"),
    LookupKind.MEMBERSHIP: N_("Your membership: your tier, how you came to it, your benefits and your plans"),
}
STAFF = N_("A reviewer at Longan")


@strawberry.type(description="What somebody asked about the person.")
class LookupQuestion:
    scope: ConsentScope = strawberry.field(description="What of a consent it needs.")
    at_least: Grade | None = strawberry.field(description="Of a check, the grade that was asked for; else null.")
    message: str = strawberry.field(description="The question, in words.")


@shows(lookups.Lookup, description="Somebody's look at a score or grade of the person.")
class Lookup:
    at: datetime = strawberry.field(description="When they looked.")
    purpose: Purpose | None = strawberry.field(description="What for, where it was told.")
    answer: LookupAnswer = strawberry.field(description="What they were told.")

    @strawberry.field(description="Of this look.")
    def id(root: strawberry.Parent[lookups.Lookup]) -> strawberry.ID:
        return strawberry.ID(global_id("Lookup", root.id))

    @strawberry.field(description="Who looked, in words.")
    async def by(root: strawberry.Parent[lookups.Lookup], info: Info) -> str:
        if root.partner_id is None:
            return say(STAFF, info.context.locale)
        return cast(str, (await info.context.load(products.partners_by_ids, root.partner_id)).name)

    @strawberry.field(description="Which partner looked; null where it was our own staff.")
    async def partner(root: strawberry.Parent[lookups.Lookup], info: Info) -> Partner | None:
        if root.partner_id is None:
            return None
        return cast(Partner, await info.context.load(products.partners_by_ids, root.partner_id))

    @strawberry.field(description="What they asked.")
    def question(root: strawberry.Parent[lookups.Lookup], info: Info) -> LookupQuestion:
        message = say(QUESTIONS[root.kind], info.context.locale, at_least=root.at_least)
        return LookupQuestion(scope=root.scope, at_least=root.at_least, message=message)
