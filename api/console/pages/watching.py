"""The watch: whether the live model still fits the people of today, and how it treats them."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.pages.desks import Desk, requires
from api.console.pages.rendering import page
from domain.facts.vocabulary import OCCUPATION_LABELS
from domain.people import groups
from domain.permissions import Permission
from infra.database import reading, transaction
from infra.words import N_
from ml.figures.drift import LOOK_FROM, STOP_FROM, Alarm
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
async def watch_page(request: Request, desk: Desk) -> Response:
    asked = request.query_params.get("days", "30")
    days = int(asked) if asked in {str(window) for window in WINDOWS} else 30
    async with reading() as db:
        seen = await watch.watch(db, days)
    return page(
        request,
        "watch.html",
        watch=seen,
        days=days,
        windows=WINDOWS,
        may_count=desk.may(Permission.COUNT_WATCH),
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


@requires(Permission.COUNT_WATCH)
async def count(request: Request, desk: Desk) -> Response:
    async with transaction() as db:
        await tasks.bring_up_to_date(db)
    return RedirectResponse("/console/watch?counting", 303)
