"""The figures for Prometheus, behind a token of their own. What workers and relays owe stands in Postgres, so any API tells it."""

import asyncio
import math
from contextlib import suppress
from hmac import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api import compressing
from infra import backlog, reactions
from infra.backlog import Backlog
from infra.database import reading
from infra.settings import settings
from ml.watching import figures
from ml.watching.figures import Figures

WAITING = Gauge("longan_reactions_waiting", "Reactions that were due and are not handled")
OLDEST = Gauge("longan_reactions_oldest_seconds", "Since the oldest of them was due for the first time")
PARKED = Gauge("longan_reactions_parked", "Reactions that were given up, for a person to look at")
OLDEST_PARKED = Gauge("longan_reactions_parked_oldest_seconds", "Since the oldest of them was due for the first time")
EACH = ["reaction", "calls_out"]
EACH_WAITING = Gauge("longan_reaction_waiting", "The same of one reaction", EACH)
EACH_OLDEST = Gauge("longan_reaction_oldest_seconds", "The same of one reaction", EACH)
EACH_FAILING = Gauge("longan_reaction_failing", "Those of them that were tried and did not succeed", EACH)

LOOKED = Gauge("longan_watch_age_seconds", "Since the live model was looked at; NaN where it never was")
SCORE_PSI = Gauge("longan_score_psi", "Drift of the live score from training over 30 days", ["version", "simulated"])
FEATURE_PSI = Gauge("longan_feature_psi", "Drift of an input from training over 30 days", ["feature"])
WATCHED = Gauge("longan_watched_scores", "Live scores of the last 30 days that the drift was told from")
SCORED = Gauge("longan_scoring_share", "People with linked accounts by what came of scoring them", ["outcome"])
PROMISED = Gauge("longan_promised_bad_rate", "Mean probability of default of matured loans", ["grade"])
CAME = Gauge("longan_matured_bad_rate", "Share of matured loans that went bad", ["grade"])
LABELLED = (EACH_WAITING, EACH_OLDEST, EACH_FAILING, SCORE_PSI, FEATURE_PSI, SCORED, PROMISED, CAME)


async def metrics(request: Request) -> Response:
    if not _may_ask(request):
        return PlainTextResponse("Please show the token of the metrics.\n", 401, {"WWW-Authenticate": "Bearer"})
    compressing.allow(request.scope)
    waiting, looked = await backlog.look_now(), await _last_look()
    # What is no longer known disappears, so that no alarm stays on an old figure.
    for gauge in LABELLED:
        gauge.clear()
    _tell_waiting(waiting)
    _tell_watch(looked)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _may_ask(request: Request) -> bool:
    token = settings().metrics_token
    if token is None:
        return True
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(shown.strip().encode(), token.get_secret_value().encode())


async def _last_look() -> Figures | None:
    with suppress(TimeoutError, OSError, SQLAlchemyError):
        async with asyncio.timeout(backlog.PATIENCE_SECONDS), reading() as db:
            return await figures.latest(db)
    return None


def _tell_waiting(now: Backlog | None) -> None:
    WAITING.set(now.waiting if now else math.nan)
    OLDEST.set(now.oldest_seconds if now else math.nan)
    PARKED.set(now.parked if now else math.nan)
    OLDEST_PARKED.set(now.oldest_parked_seconds if now else math.nan)
    for each in now.reactions if now else ():
        known = reactions.named(each.reaction)
        labels = each.reaction, str(known.calls_out).lower() if known else "unknown"
        EACH_WAITING.labels(*labels).set(each.waiting)
        EACH_OLDEST.labels(*labels).set(each.oldest_seconds)
        EACH_FAILING.labels(*labels).set(each.failing)


def _tell_watch(looked: Figures | None) -> None:
    LOOKED.set(looked.age_seconds if looked else math.nan)
    seen = looked.kept if looked else figures.NOTHING
    WATCHED.set(seen["scores"])
    if seen["score_psi"] is not None:
        SCORE_PSI.labels(seen["version"], str(seen["simulated"]).lower()).set(seen["score_psi"])
    for name, psi in seen["inputs"].items():
        FEATURE_PSI.labels(name).set(psi)
    for outcome, share in seen["scored"].items():
        SCORED.labels(outcome).set(share)
    for grade, (promised, came) in seen["grades"].items():
        PROMISED.labels(grade).set(promised)
        CAME.labels(grade).set(came)


def routes() -> list[BaseRoute]:
    """In production there is no such door until it has a token; the embedded default is on one machine, and open."""
    return [Route("/metrics", metrics)] if settings().is_embedded or settings().metrics_token else []
