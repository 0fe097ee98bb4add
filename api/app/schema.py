"""The app's schema: what each noun adds, put together."""

from functools import cache

import strawberry

from api.app.accounts import AccountMutation, AccountQuery, LinkedAccount
from api.app.agreements import Agreement, AgreementMutation
from api.app.applications import Application, ApplicationMutation
from api.app.autopay import AutopayMutation
from api.app.changes import ChangeMutation
from api.app.choices import ChoiceQuery
from api.app.consent_requests import ConsentRequestMutation, ConsentRequestQuery
from api.app.consents import Consent, ConsentMutation
from api.app.contacting import ContactMutation
from api.app.deletions import DeletionMutation
from api.app.devices import Device, DeviceMutation
from api.app.disputes import Dispute, DisputeMutation
from api.app.draw_downs import DrawDown
from api.app.evidence import Evidence
from api.app.exports import DataExport, ExportMutation
from api.app.factors import FactorMutation
from api.app.goods import GoodsMutation
from api.app.identity import IdentityMutation
from api.app.impressions import ImpressionMutation
from api.app.invitations import Invitation, InvitationMutation
from api.app.leases import LeaseMutation
from api.app.matches import Match, MatchMutation
from api.app.membership import Benefit
from api.app.nodes import NODES
from api.app.notices import Notice
from api.app.offers import Offer
from api.app.payment_accounts import PaymentAccount, PaymentAccountMutation
from api.app.people import PeopleMutation, PeopleQuery, User
from api.app.phone import PhoneMutation
from api.app.plans import PlanMutation, PlanQuery, PlanSubscription
from api.app.products import Partner, Product, ProductQuery
from api.app.redemptions import Redemption, RedemptionMutation
from api.app.refunds import RefundMutation
from api.app.repayments import Repayment, RepaymentMutation
from api.app.scores import Score
from api.app.signin import SignInMutation
from api.app.subscriptions import Subscription
from api.app.treatments import TreatmentMutation
from api.app.using_statements import StatementMutation
from api.app.visitors import Visitors
from api.app.without_account import WithoutAccountMutation
from api.graphql.nodes import node_by, nodes_by
from api.graphql.schemas import Schema, make_schema
from domain.permissions import Permission


@strawberry.type(description="What the app can read.")
class Query(PeopleQuery, AccountQuery, ProductQuery, PlanQuery, ChoiceQuery, ConsentRequestQuery):
    node = node_by(NODES, Permission.PUBLIC)
    nodes = nodes_by(NODES, Permission.PUBLIC)


@strawberry.type(
    description="What the app can do. Each answers what changed, or a `Refusal` that says why nothing did."
)
class Mutation(
    SignInMutation,
    DeviceMutation,
    PeopleMutation,
    IdentityMutation,
    FactorMutation,
    PhoneMutation,
    PaymentAccountMutation,
    AccountMutation,
    WithoutAccountMutation,
    StatementMutation,
    ApplicationMutation,
    AgreementMutation,
    ChangeMutation,
    InvitationMutation,
    LeaseMutation,
    RepaymentMutation,
    AutopayMutation,
    RefundMutation,
    GoodsMutation,
    TreatmentMutation,
    MatchMutation,
    ImpressionMutation,
    ContactMutation,
    ConsentMutation,
    ConsentRequestMutation,
    DisputeMutation,
    ExportMutation,
    DeletionMutation,
    RedemptionMutation,
    PlanMutation,
):
    pass


@cache
def schema() -> Schema:
    return make_schema(
        Query,
        Mutation,
        subscription=Subscription,
        types=(
            Agreement,
            Application,
            Benefit,
            Consent,
            DataExport,
            Device,
            Dispute,
            Invitation,
            DrawDown,
            Evidence,
            LinkedAccount,
            Match,
            Notice,
            Offer,
            Partner,
            PaymentAccount,
            PlanSubscription,
            Product,
            Redemption,
            Repayment,
            Score,
            User,
        ),
        extensions=(Visitors,),
    )
