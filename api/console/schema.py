"""The console's schema, and who may ask it."""

from functools import cache

import strawberry
from sqlalchemy import select

from api.console.approvals import ApprovalQuery
from api.console.benefits import BenefitMutation, BenefitQuery
from api.console.campaigns import Campaign, CampaignQuery
from api.console.cases import Application
from api.console.changing_campaigns import CampaignMutation
from api.console.changing_tier_rules import TierRulesMutation
from api.console.claims import Claim, ClaimMutation, ClaimQuery
from api.console.disputes import Dispute, DisputeMutation, DisputeQuery
from api.console.members import Member, MemberQuery, find_opened
from api.console.overview import OverviewQuery
from api.console.plans import PlanMutation, PlanQuery
from api.console.products import Product, ProductQuery
from api.console.reviews import ReviewMutation, ReviewQuery
from api.console.tier_rules import Simulation, TierRules, TierRulesQuery
from api.console.tiers import Benefit, TierQuery
from api.graphql.errors import Unauthenticated
from api.graphql.nodes import Finder, Finders, node_by, nodes_by, rows_of
from api.graphql.schemas import Schema, make_schema
from domain.actors import KnownActor, StaffActor
from domain.agreements import claims
from domain.applications import applications
from domain.disputes import disputes
from domain.matching.reach import funnels
from domain.people import staff_sessions
from domain.permissions import Permission
from membership import benefits, rules
from membership.campaigns import campaigns
from membership.changing import simulations

NODES: Finders = {
    "Application": Finder(
        Permission.REVIEW_APPLICATIONS, rows_of(lambda context: applications.visible_to(context.staff))
    ),
    "Benefit": Finder(Permission.SEE_TIERS, rows_of(lambda _: select(benefits.Benefit))),
    "Campaign": Finder(Permission.SEE_CAMPAIGNS, rows_of(lambda _: campaigns.all_campaigns())),
    "Claim": Finder(Permission.DECIDE_CLAIMS, rows_of(lambda context: claims.visible_to(context.staff))),
    "Dispute": Finder(Permission.ANSWER_DISPUTES, rows_of(lambda context: disputes.visible_to(context.staff))),
    "Member": Finder(Permission.LOOK_AT_MEMBERS, find_opened),
    "Simulation": Finder(Permission.SEE_TIERS, rows_of(lambda _: select(simulations.Simulation))),
    "TierRules": Finder(Permission.SEE_TIERS, rows_of(lambda _: rules.all_versions())),
    "Product": Finder(Permission.SEE_PRODUCTS, rows_of(lambda context: funnels.seen_by(context.staff))),
}


@strawberry.type(description="What staff can read, each role its part.")
class Query(
    ApprovalQuery,
    BenefitQuery,
    CampaignQuery,
    ClaimQuery,
    DisputeQuery,
    MemberQuery,
    OverviewQuery,
    PlanQuery,
    ProductQuery,
    ReviewQuery,
    TierQuery,
    TierRulesQuery,
):
    node = node_by(NODES, Permission.SIGNED_IN)
    nodes = nodes_by(NODES, Permission.SIGNED_IN)


@strawberry.type(description="What staff can do. Each answers what changed, or a `Refusal` that says why nothing did.")
class Mutation(
    BenefitMutation,
    CampaignMutation,
    ClaimMutation,
    DisputeMutation,
    PlanMutation,
    ReviewMutation,
    TierRulesMutation,
):
    pass


@cache
def schema() -> Schema:
    shown = (Application, Benefit, Campaign, Claim, Dispute, Member, Product, Simulation, TierRules)
    return make_schema(Query, Mutation, types=shown)


async def authenticate(token: str) -> KnownActor[StaffActor]:
    found = await staff_sessions.find_member(token)
    if found is None:
        raise Unauthenticated
    return found
