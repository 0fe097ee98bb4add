"""Hardships: who asked for an easier time beyond the limits, the nearest promise first, and what risk answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain.agreements import agreements, breathing, easing, ending_breathing, hardships
from domain.agreements.agreements import Agreement
from domain.agreements.breathing import Spared
from domain.agreements.hardships import Hardship, HardshipKind
from domain.agreements.standings import AgreementStanding, standings
from domain.people.breathing_spaces import BreathingSpace
from domain.permissions import Permission
from infra import clock, vault
from infra.database import Db, reading
from infra.errors import Refusal
from infra.ids import global_id, read_id
from infra.paging import count_of
from infra.words import N_

ADDRESS = "/console/hardships"
SHOWN = 50
ANSWERS = {"grant": True, "refuse": False}
KINDS = {HardshipKind.PAUSE: N_("Nothing is due"), HardshipKind.LOWER: N_("Half is due")}


@dataclass(frozen=True)
class WaitingHardship:
    hardship: Hardship
    standing: AgreementStanding
    reason: str
    is_late: bool


@dataclass(frozen=True)
class RunningSpace:
    """`owing`: what the person owes now."""

    space: BreathingSpace
    owing: Sequence[Agreement]

    @property
    def addresses(self) -> Sequence[tuple[str, str]]:
        """The title and the page of each agreement."""
        return [(each.title, f"/console/agreements/{global_id('Agreement', each.id)}") for each in self.owing]


@requires(Permission.ANSWER_HARDSHIPS)
async def hardships_page(request: Request, visit: StaffVisit) -> Response:
    return await show(request, visit)


async def show(
    request: Request, visit: StaffVisit, refusal: Refusal | None = None, *, spared: Sequence[Spared] | None = None
) -> Response:
    """The page, with what a breathing space would spare on each agreement."""
    error, status = error_of(request, refusal), status_of(refusal)
    async with reading() as db:
        waiting, running = await _waiting(db, visit), await _running(db, visit)
        count = await count_of(db, hardships.waiting_for(visit.actor))
    shown = {"waiting": waiting, "count": count, "running": running, "spared": spared}
    return page(request, "hardships.html", status, kinds=KINDS, error=error, **shown)


async def _waiting(db: Db, visit: StaffVisit) -> Sequence[WaitingHardship]:
    queue = hardships.waiting_for(visit.actor).order_by(Hardship.promised_by, Hardship.id).limit(SHOWN)
    found, now = (await db.execute(queue)).scalars().all(), await clock.now(db)
    stand = await standings(db, {(each.user_id, each.agreement_id) for each in found})
    seals = await vault.seals_of(db, {each.user_id for each in found})
    return [
        WaitingHardship(
            each,
            stand[each.user_id, each.agreement_id],
            seals[each.user_id].open(each.reason_sealed, hardships.REASON),
            each.promised_by <= now,
        )
        for each in found
    ]


async def _running(db: Db, visit: StaffVisit) -> Sequence[RunningSpace]:
    """The breathing spaces that could be ended, the one that ends next first."""
    today = await clock.today(db)
    could_end = ending_breathing.running(visit.actor).where(BreathingSpace.until_on > today)
    found = (await db.execute(could_end.order_by(BreathingSpace.until_on, BreathingSpace.id).limit(SHOWN))).scalars()
    spaces = found.all()
    theirs = agreements.visible_to(visit.actor).where(Agreement.user_id.in_({each.user_id for each in spaces}))
    owing = theirs.where(Agreement.status.in_(breathing.COUNTED)).order_by(Agreement.id)
    held = (await db.execute(owing)).scalars().all() if spaces else []
    return [RunningSpace(space, [each for each in held if each.user_id == space.user_id]) for space in spaces]


@requires(Permission.ANSWER_HARDSHIPS)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Say yes or no; a no with a reason."""
    form = await request.form()
    said, comment = str(form.get("answer", "")), str(form.get("comment", ""))
    id, is_granted = read_id(request.path_params["id"]), ANSWERS.get(said)
    if id is None or is_granted is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(
        lambda db: easing.answer(db, visit.actor, id, is_granted=is_granted, comment=comment),
        ADDRESS,
        partial(show, request, visit),
    )


routes: list[Route] = [
    Route("/console/hardships", hardships_page),
    posted("/console/hardships/{id}", answer),
]
