"""One product: its funnel, day by day, whom its rules keep away, and what other rules would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.products import STATUSES, WINDOWS, asked_by, product_of, rows_of
from api.console.pages.rehearsals import changes_in, fields_of, read_form
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.console.pages.watching import GROUPS
from api.refusing import sentence_of, status_of
from api.visits import posted
from domain.credit.grades import Grade
from domain.market.rule_inputs import INPUTS
from domain.market.rules import ABOUT
from domain.matching.product_days import ProductDay
from domain.matching.reach import funnels, rehearsing
from domain.matching.reach.funnels import Days, Funnel
from domain.matching.reach.rehearsing import Rehearsal
from domain.people.groups import PEOPLE_MIN
from domain.permissions import Permission
from infra.database import Db, reading, transaction
from infra.errors import Refusal
from infra.words import N_
from ml.figures.drift import Share

STEPS = {
    "shown": N_("Shown"),
    "opened": N_("Opened"),
    "applied": N_("Applied for"),
    "approved": N_("Approved"),
    "accepted": N_("Accepted"),
}
# What a step is a share of: a decision follows an application, whichever way it came.
OF = {"opened": "shown", "applied": "opened", "approved": "applied", "accepted": "approved"}


@dataclass(frozen=True)
class FunnelStep:
    """`share` is of the step before; None where it cannot be one, as when somebody applied without having looked."""

    label: str
    count: int
    width: float
    share: Share | None


@requires(Permission.SEE_PRODUCTS)
async def product(request: Request, visit: StaffVisit) -> Response:
    async with reading() as db:
        return await _show(request, visit, db)


async def _show(
    request: Request,
    visit: StaffVisit,
    db: Db,
    *,
    status: int = 200,
    said: Mapping[str, Any] | None = None,
    rehearsal: Rehearsal | None = None,
    error: str | None = None,
) -> Response:
    """The page of one product, with what was rehearsed, or why not, where the form was sent."""
    asked, found = asked_by(request), await product_of(db, visit.actor, request.path_params["id"])
    if found is None:
        return page(request, "refused.html", 404, why=N_("We could not find this product."))
    days = await funnels.last_days(db, asked.days)
    (row,) = await rows_of(db, visit.actor, [found], days)
    return page(
        request,
        "product.html",
        status,
        row=row,
        asked=asked,
        windows=WINDOWS,
        statuses=STATUSES,
        steps=_steps(row.funnel),
        stream=_stream(row.funnel),
        against=_against(row.funnel),
        days=_days(await funnels.by_day(db, visit.actor, found.id, days), days),
        grades=tuple(Grade),
        rules=INPUTS.values(),
        choice_words=GROUPS,
        said=said or fields_of(found),
        rehearsal=rehearsal,
        error=error,
        against_words=ABOUT,
        is_exact=rehearsing.sees_people(visit.actor),
        people_min=PEOPLE_MIN,
        whole=False,
    )


def _steps(funnel: Funnel) -> list[FunnelStep]:
    counts = {name: getattr(funnel, name) or 0 for name in STEPS}
    widest = max([*counts.values(), 1])
    return [FunnelStep(STEPS[name], count, count / widest, _share(name, counts)) for name, count in counts.items()]


def _stream(funnel: Funnel) -> list[tuple[str, int]]:
    """Counts from the people who could have it to those who do; without the first where no sweep has counted them."""
    eligible = [] if funnel.eligible is None else [(N_("Eligible people"), funnel.eligible)]
    return [*eligible, *((STEPS[name], getattr(funnel, name) or 0) for name in STEPS)]


def _share(name: str, counts: Mapping[str, int]) -> Share | None:
    before = counts[OF[name]] if name in OF else 0
    return Share(counts[name], before) if 0 < before >= counts[name] else None


def _against(funnel: Funnel) -> list[tuple[str, int, float]]:
    """Each reason with its people, and their share of all."""
    return [(ABOUT[code], people, people / (funnel.people or 1)) for code, people in funnel.against.items()]


def _days(known: Sequence[ProductDay], days: Days) -> dict[str, list[int]]:
    """A count for each day, of each step."""
    by_day = {each.day: each for each in known}
    count = (days.last - days.first).days + 1
    every = [by_day.get(days.first + timedelta(days=number)) for number in range(count)]
    return {
        STEPS[name]: [getattr(each, name) if each else 0 for each in every] for name in ("shown", "opened", "applied")
    }


@requires(Permission.SEE_PRODUCTS)
async def rehearse(request: Request, visit: StaffVisit) -> Response:
    said = read_form(await request.form())
    is_part = request.headers.get("hx-request") == "true"
    async with reading() as db:
        product = await product_of(db, visit.actor, request.path_params["id"])
    if product is None:
        return page(request, "refused.html", 404, why=N_("We could not find this product."))
    try:
        # Nothing of the product is written; that somebody rehearsed is counted.
        async with transaction() as db:
            found = await rehearsing.of_id(db, visit.actor, product.id, changes_in(said, product.currency))
        error, status = None, 200
    except Refusal as refusal:
        found, error = None, sentence_of(request, refusal)
        status = status_of(refusal)
    if is_part:
        # htmx shows only what comes with 200.
        told = {"is_exact": rehearsing.sees_people(visit.actor), "people_min": PEOPLE_MIN, "whole": True}
        return page(request, "rehearsal.html", rehearsal=found, error=error, against_words=ABOUT, **told)
    async with reading() as db:
        return await _show(request, visit, db, status=status, said=said, rehearsal=found, error=error)


routes: list[Route] = [
    Route("/console/products/{id}", product),
    posted("/console/products/{id}/rehearse", rehearse),
]
