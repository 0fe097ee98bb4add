"""What of the app's has a permanent id, and how a person finds it again by that."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from api.graphql.context import Context
from api.graphql.nodes import Finder, Finders, rows_of
from domain.agreements import agreements, repaying
from domain.agreements.draw_downs import DrawDown
from domain.applications import applications
from domain.applications.offers import Offer
from domain.consent import consents
from domain.credit.scores import Score
from domain.disputes import disputes
from domain.evidence.leaves import Evidence
from domain.facts.accounts import LinkedAccount
from domain.invitations import invitations
from domain.market import products
from domain.market.columns import columns_of
from domain.matching import matches
from domain.notices import notices
from domain.payments.payments import Payment
from domain.people.partners import Partner
from domain.people.payment_accounts import PaymentAccount
from domain.people.sessions import Session
from domain.people.users import User
from domain.permissions import Permission
from domain.privacy import exports
from infra import clock
from infra.database import reading
from membership import memberships, redemptions
from membership.plans.subscriptions import PlanSubscription


def _me(context: Context) -> Select[User]:
    return select(User).where(User.id == context.user.user_id)


def _my_applications(context: Context) -> Select[applications.Application]:
    return applications.visible_to(context.user)


def _my_repayments(context: Context) -> Select[Payment]:
    mine = select(Payment).where(Payment.user_id == context.user.user_id)
    return mine.where(Payment.cause == repaying.REPAYMENT)


def _my_devices(context: Context) -> Select[Session]:
    """Those that are signed in."""
    mine = select(Session).where(Session.user_id == context.user.user_id)
    return mine.where(Session.ended_at.is_(None), Session.expires_at > clock.EXACTLY_NOW)


def _my_notices(context: Context) -> Select[notices.Notice]:
    return notices.visible_to(context.user)


def _my_payment_accounts(context: Context) -> Select[PaymentAccount]:
    mine = select(PaymentAccount).where(PaymentAccount.user_id == context.user.user_id)
    return mine.where(PaymentAccount.removed_at.is_(None))


def _mine(
    entity: type[PlanSubscription] | type[LinkedAccount] | type[Score] | type[Offer] | type[Evidence] | type[DrawDown],
    context: Context,
) -> Select[Any]:
    return select(entity).where(entity.user_id == context.user.user_id)


async def _offered(context: Context, ids: set[UUID]) -> Mapping[UUID, Any]:
    found = await rows_of(lambda _: products.published())(context, ids)
    return {product.id: product for product in columns_of(found.values()).products}


async def _my_matches(context: Context, ids: set[UUID]) -> Mapping[UUID, Any]:
    async with reading() as db:
        return await matches.find(db, context.user.user_id, ids)


async def _my_benefits(context: Context, ids: set[UUID]) -> Mapping[UUID, Any]:
    membership = await context.load(memberships.memberships_of, context.user.user_id)
    return {held.benefit.id: held for held in membership.benefits} if membership else {}


NODES: Finders = {
    "Product": Finder(Permission.PUBLIC, _offered),
    "Partner": Finder(Permission.PUBLIC, rows_of(lambda _: select(Partner).where(~Partner.is_test))),
    "User": Finder(Permission.SIGNED_IN, rows_of(_me)),
    "Application": Finder(Permission.SIGNED_IN, rows_of(_my_applications)),
    "Agreement": Finder(Permission.SIGNED_IN, rows_of(lambda context: agreements.visible_to(context.user))),
    "Consent": Finder(Permission.SIGNED_IN, rows_of(lambda context: consents.visible_to(context.user))),
    "DataExport": Finder(Permission.SIGNED_IN, rows_of(lambda context: exports.visible_to(context.user))),
    "Dispute": Finder(Permission.SIGNED_IN, rows_of(lambda context: disputes.visible_to(context.user))),
    "Invitation": Finder(Permission.SIGNED_IN, rows_of(lambda context: invitations.visible_to(context.user))),
    "DrawDown": Finder(Permission.SIGNED_IN, rows_of(partial(_mine, DrawDown))),
    "Repayment": Finder(Permission.SIGNED_IN, rows_of(_my_repayments)),
    "Device": Finder(Permission.SIGNED_IN, rows_of(_my_devices)),
    "LinkedAccount": Finder(Permission.SIGNED_IN, rows_of(partial(_mine, LinkedAccount))),
    "Score": Finder(Permission.SIGNED_IN, rows_of(partial(_mine, Score))),
    "Offer": Finder(Permission.SIGNED_IN, rows_of(partial(_mine, Offer))),
    "Evidence": Finder(Permission.SIGNED_IN, rows_of(partial(_mine, Evidence))),
    "Notice": Finder(Permission.SIGNED_IN, rows_of(_my_notices)),
    "PaymentAccount": Finder(Permission.SIGNED_IN, rows_of(_my_payment_accounts)),
    "Match": Finder(Permission.SIGNED_IN, _my_matches),
    "Benefit": Finder(Permission.SIGNED_IN, _my_benefits),
    "PlanSubscription": Finder(Permission.SIGNED_IN, rows_of(partial(_mine, PlanSubscription))),
    "Redemption": Finder(Permission.SIGNED_IN, rows_of(lambda context: redemptions.visible_to(context.user))),
}
