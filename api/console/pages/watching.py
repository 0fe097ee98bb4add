"""The watch: whether the live model still fits the people of today, and how it treats them."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.console.pages.exporting import table_as_csv
from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.visits import posted
from domain.facts.vocabulary import OCCUPATION_LABELS
from domain.people import groups
from domain.permissions import Permission
from infra.database import reading, transaction
from infra.words import N_
from ml.figures.drift import LOOK_FROM, STOP_FROM, Alarm, Share
from ml.watching import tasks, watch

WINDOWS = (7, 30, 90)
PSI_SHOWN = 0.4  # where the bars of the index end

ALARMS = {
    Alarm.FINE: N_("Steady"),
    Alarm.LOOK: N_("Look into it"),
    Alarm.STOP: N_("Stop and ask why"),
    None: N_("Too few to tell"),
}
SCORED = {
    "READY": N_("Scored"),
    "THIN": N_("Not enough known"),
    "OUT_OF_RANGE": N_("Out of the model's range"),
}
COLUMNS = {"age": N_("Age"), "region": N_("Region"), "occupation": N_("Occupation")}
GROUPS = {
    groups.OTHERS: N_("Smaller groups together"),
    groups.UNTOLD: N_("Not told"),
    groups.YOUNG: N_("under 25"),
    groups.OLDEST: N_("55 and older"),
    **OCCUPATION_LABELS,
}
FIGURES = ("auc", "ks", "brier", "logloss", "ece")


@requires(Permission.WATCH_MODELS)
async def watch_page(request: Request, visit: StaffVisit) -> Response:
    days = _days(request)
    async with reading() as db:
        seen = await watch.watch(db, days)
    return page(
        request,
        "watch.html",
        watch=seen,
        days=days,
        windows=WINDOWS,
        may_count=visit.may(Permission.COUNT_WATCH),
        alarms=ALARMS,
        scored_words=SCORED,
        columns=COLUMNS,
        groups=GROUPS,
        figures=FIGURES,
        thresholds=(LOOK_FROM, STOP_FROM),
        psi_shown=PSI_SHOWN,
        scores_min=watch.SCORES_MIN,
        people_min=groups.PEOPLE_MIN,
        asked_to_count="counting" in request.query_params,
    )


@requires(Permission.WATCH_MODELS)
async def exported(request: Request, visit: StaffVisit) -> Response:
    """What the page shows of inputs, grades and groups as one CSV: a line each, empty where nothing is known."""
    async with reading() as db:
        seen = await watch.watch(db, _days(request))
    return table_as_csv("watch", EXPORTED, _lines(seen) if seen else ())


EXPORTED = ("about", "column", "name", "count", "psi", "promised", "came", "low", "high", "ratio", "verdict")


def _lines(seen: watch.Watch) -> Iterator[tuple[object, ...]]:
    for each in (seen.score, *seen.inputs):
        alarm = each.alarm.value if each.alarm else ""
        yield "drift", "", each.name, each.scores, each.psi, None, None, None, None, None, alarm
    for grade in seen.truth.grades if seen.truth else ():
        yield "grade", "", grade.grade, *_came(grade.promised, grade.came)
    for group in seen.group_truths:
        yield "errors", group.column, group.group, *_came(group.promised, group.came)
    for line in seen.approvals:
        rate, (low, high) = line.approved.rate, line.approved.interval
        verdict = "concern" if line.is_concern else ""
        yield (
            "approvals",
            line.column,
            line.group,
            line.approved.count,
            None,
            None,
            rate,
            low,
            high,
            line.ratio,
            verdict,
        )


def _came(promised: float, came: Share) -> tuple[object, ...]:
    low, high = came.interval
    return came.count, None, promised, came.rate, low, high, None, "kept" if low <= promised <= high else "not kept"


def _days(request: Request) -> int:
    asked = request.query_params.get("days", "30")
    return int(asked) if asked in {str(window) for window in WINDOWS} else 30


@requires(Permission.COUNT_WATCH)
async def count(request: Request, visit: StaffVisit) -> Response:
    async with transaction() as db:
        await tasks.bring_up_to_date(db)
    return RedirectResponse("/console/watch?counting", 303)


routes: list[Route] = [
    Route("/console/watch", watch_page),
    Route("/console/watch.csv", exported),
    posted("/console/watch/count", count),
]
