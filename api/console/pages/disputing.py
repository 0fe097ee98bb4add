"""Disputes: what people say is wrong in their scores, the nearest promise first, with the facts and without the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain.disputes import disputes, disputing
from domain.disputes.disputes import Dispute, DisputeTexts
from domain.facts.counting_on import MARK
from domain.facts.vocabulary import GROUP_LABELS
from domain.permissions import Permission
from infra import clock
from infra.database import Db, reading
from infra.errors import Refusal
from infra.paging import count_of
from integrations.registrations import registration_or_name

ADDRESS = "/console/disputes"
SHOWN = 50
ANSWERS = {"uphold": True, "reject": False}
FACTORS = {group.value: label for group, label in GROUP_LABELS.items()} | {MARK: disputes.LEFT_BEHIND}


@dataclass(frozen=True)
class WaitingDispute:
    dispute: Dispute
    written: DisputeTexts
    is_late: bool


@requires(Permission.ANSWER_DISPUTES)
async def disputes_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    """What waits; and why it was not done."""
    error, status = error_of(request, refusal), status_of(refusal)
    async with reading() as db:
        waiting, count = await _waiting(db, visit), await count_of(db, disputes.waiting_for(visit.actor))
    return page(
        request, "disputes.html", status, waiting=waiting, count=count, error=error, factors=FACTORS, name_of=_source
    )


def _source(key: str) -> str:
    """A msgid, where a provider has this key."""
    return registration_or_name(key).provider.name


async def _waiting(db: Db, visit: StaffVisit) -> Sequence[WaitingDispute]:
    queue = disputes.waiting_for(visit.actor).order_by(Dispute.answer_by, Dispute.id).limit(SHOWN)
    found, now = (await db.execute(queue)).scalars().all(), await clock.now(db)
    written = await disputes.WrittenFor(visit.actor)(db, {(each.user_id, each.id) for each in found})
    return [
        WaitingDispute(each, written[each.user_id, each.id], each.answer_by <= now)
        for each in found
        if (each.user_id, each.id) in written
    ]


@requires(Permission.ANSWER_DISPUTES)
async def answer(request: Request, visit: StaffVisit) -> Response:
    """Say which facts are wrong, or that none is; with a reason either way."""
    form = await request.form()
    try:
        id = UUID(request.path_params["id"])
        upheld = ANSWERS[str(form.get("answer", ""))]
        wrong = [UUID(str(each)) for each in form.getlist("wrong")]
    except (ValueError, KeyError):
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    said, named = str(form.get("comment", "")), wrong if upheld else []
    return await carry_out(
        lambda db: disputing.answer(db, visit.actor, id, upheld=upheld, fact_ids=named, answer=said, key=str(id)),
        ADDRESS,
        partial(_show, request, visit),
    )


routes: list[Route] = [
    Route("/console/disputes", disputes_page),
    posted("/console/disputes/{id}", answer),
]
