"""Hardships: who asked for an easier time beyond the limits, the nearest promise first, and what risk answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.html import locale_of
from domain.agreements import easing, hardships
from domain.agreements.breathing import Spared
from domain.agreements.hardships import Hardship, HardshipKind
from domain.agreements.standings import AgreementStanding, standings
from domain.permissions import Permission
from infra import clock, vault
from infra.database import Db, reading, transact
from infra.errors import Refusal, RefusalCode
from infra.words import N_, say

ADDRESS = "/console/hardships"
SHOWN = 50
ANSWERS = {"grant": True, "refuse": False}
KINDS = {HardshipKind.PAUSE: N_("Nothing is due"), HardshipKind.LOWER: N_("Half is due")}
STATUS = {RefusalCode.NOT_FOUND: 404, RefusalCode.INVALID: 400, RefusalCode.NOT_ALLOWED: 403}

NOTHING_SAID: Mapping[str, str] = dict.fromkeys(("agreement", "from", "until", "reason"), "")


@dataclass(frozen=True)
class WaitingHardship:
    hardship: Hardship
    standing: AgreementStanding
    reason: str
    is_late: bool


@requires(Permission.ANSWER_HARDSHIPS)
async def hardships_page(request: Request, visit: StaffVisit) -> Response:
    return await show(request, visit)


async def show(
    request: Request,
    visit: StaffVisit,
    refusal: Refusal | None = None,
    *,
    said: Mapping[str, str] = NOTHING_SAID,
    spared: Sequence[Spared] | None = None,
) -> Response:
    """The page, with what was said of a breathing space and what that would spare on each agreement."""
    error = say(refusal.message, locale_of(request), **refusal.values) if refusal else None
    status = STATUS.get(refusal.code, 409) if refusal else 200
    async with reading() as db:
        waiting = await _waiting(db, visit)
    return page(request, "hardships.html", status, waiting=waiting, kinds=KINDS, error=error, said=said, spared=spared)


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


@requires(Permission.ANSWER_HARDSHIPS)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Say yes or no; a no with a reason."""
    form = await request.form()
    said, comment = str(form.get("answer", "")), str(form.get("comment", ""))
    try:
        id = UUID(request.path_params["id"])
        is_granted = ANSWERS[said]
    except (ValueError, KeyError):
        return page(request, "refused.html", 404, why=N_("There is no such page."))
    try:
        await transact(lambda db: easing.answer(db, visit.actor, id, is_granted=is_granted, comment=comment))
    except Refusal as refusal:
        return await show(request, visit, refusal)
    return RedirectResponse(ADDRESS, 303)
