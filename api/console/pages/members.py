"""One member's story: found by their number, for a reason that is kept and that they can read of."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.tiers import QUOTAS
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from api.refusing import sentence_of, status_of
from api.visits import posted
from domain.people import users
from domain.permissions import Permission
from infra.database import Db, reading, transact
from infra.errors import Refusal
from infra.words import N_, say
from membership import grants, looks, tiers
from membership.members import WHY, Member
from membership.plans import plans, subscriptions, years
from membership.plans.plans import MembershipPlan
from membership.plans.subscriptions import PlanStatus, PlanSubscription
from membership.plans.years import PlanYear

PLAN_STATUSES = {
    PlanStatus.NEEDS_PAYMENT: N_("Waits for its payment"),
    PlanStatus.TRIAL: N_("Tried for free"),
    PlanStatus.ACTIVE: N_("Goes on"),
    PlanStatus.GRACE: N_("In grace"),
    PlanStatus.LAPSED: N_("Ended unpaid"),
    PlanStatus.CANCELLED: N_("Left by them"),
}
NOBODY = N_("Nobody has this number. Write it with its country, as +86 138 0013 8000.")


@requires(Permission.LOOK_AT_MEMBERS)
async def ask(request: Request, visit: StaffVisit) -> Response:
    return page(request, "member.html", member=None, error=None)


@requires(Permission.LOOK_AT_MEMBERS)
async def look(request: Request, visit: StaffVisit) -> Response:
    """The number comes in the body, so that no address and no log holds it."""
    form = await request.form()
    phone, reason = str(form.get("phone", "")), str(form.get("reason", ""))
    try:
        member = await transact(lambda db: looks.look(db, visit.actor, phone=phone, reason=reason))
    except Refusal as refusal:
        error = sentence_of(request, refusal)
        return page(request, "member.html", status_of(refusal), member=None, error=error)
    if member is None:
        return page(request, "member.html", 404, member=None, error=say(NOBODY, locale_of(request)))
    return await _story(request, member)


@dataclass(frozen=True)
class PlanOfMember:
    """A plan that they bought, and what each year of it came to."""

    bought: PlanSubscription
    plan: MembershipPlan
    years: list[PlanYear]


async def _plans_of(db: Db, user_id: UUID) -> list[PlanOfMember]:
    """The newest first."""
    every = await subscriptions.all_of(db, user_id)
    known = await plans.by_ids(db, {each.plan_id for each in every})
    figures = await years.years_of(db, {(user_id, each.id) for each in every})
    return [PlanOfMember(each, known[each.plan_id], figures[user_id, each.id]) for each in every]


async def _story(request: Request, member: Member) -> Response:
    user_id = member.user_id
    async with reading() as db:
        known = await tiers.tiers_by_code(db)
        history = (await looks.moves_of(db, {user_id})).get(user_id, [])
        held = (await grants.held_by(db, {user_id})).get(user_id, [])
        bought = await _plans_of(db, user_id)
        phone = (await users.masked_phones(db, {user_id})).get(user_id, "")
    return page(
        request,
        "member.html",
        member=member,
        error=None,
        phone=phone,
        tiers=known,
        history=history,
        held=held,
        bought=bought,
        plan_statuses=PLAN_STATUSES,
        why=WHY,
        quotas=QUOTAS,
    )


routes: list[Route] = [
    Route("/console/members", ask, methods=["GET"]),
    posted("/console/members", look),
]
