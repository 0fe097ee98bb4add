"""The figures for Prometheus, behind a token of their own. What workers and relays owe stands in Postgres, so any API tells it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from hmac import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api import compressing
from api.server import siblings
from domain.days import alarms as days
from domain.days.alarms import DayBacklog
from domain.notices import backlog as notices
from domain.notices.backlog import NoticeBacklog
from domain.people import expiring
from domain.people.expiring import ExpiringProof
from domain.reconciling import alarms
from domain.reconciling.alarms import MoneyAlarms
from infra import backlog, reactions
from infra.backlog import Backlog, Waiting, soon
from infra.settings import settings
from integrations.webhooks import backlog as webhooks
from integrations.webhooks.backlog import WebhookBacklog
from ml.watching import figures
from ml.watching.figures import AgedFigures

EACH = ("reaction", "calls_out")


async def metrics(request: Request) -> Response:
    if not _may_ask(request):
        return PlainTextResponse("Please show the token of the metrics.\n", 401, {"WWW-Authenticate": "Bearer"})
    compressing.allow(request.scope)
    waiting, looked = await soon(backlog.look), await soon(figures.latest)
    # Made anew each time: what is no longer known disappears, so that no alarm stays on an old figure.
    sent = [*_of_webhooks(await soon(webhooks.look)), *_of_notices(await soon(notices.look))]
    looked_at = await soon(alarms.look)
    money = [*_of_money(looked_at), *_of_deadlines(looked_at), *_of_days(await soon(days.look))]
    proofs = _of_proofs(await soon(expiring.soon))
    told = generate_latest(_Told([*_of_waiting(waiting), *sent, *money, *proofs, *_of_watch(looked)]))
    return Response(_of_this_machine() + told, media_type=CONTENT_TYPE_LATEST)


class _Told(CollectorRegistry):
    """These figures alone."""

    def __init__(self, figures: Sequence[Metric]) -> None:
        super().__init__(auto_describe=False)
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        return self._figures


def _of_this_machine() -> bytes:
    """Times of requests: of all processes that serve together, added up; of one alone, with what Python tells of itself."""
    if not siblings.exist():
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)


def _may_ask(request: Request) -> bool:
    token = settings().metrics_token
    if token is None:
        return True
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(shown.strip().encode(), token.get_secret_value().encode())


def _of_proofs(expire: list[ExpiringProof] | None) -> Iterator[Metric]:
    expires = "Secrets and keys of partners' clients that are over within 30 days, or over"
    yield _gauge("longan_client_proofs_expiring", expires, math.nan if expire is None else len(expire))


def _of_waiting(now: Backlog | None) -> Iterator[Metric]:
    yield _gauge(
        "longan_reactions_waiting", "Reactions that were due and are not handled", now.waiting if now else math.nan
    )
    since = "Since the oldest of them was due for the first time"
    yield _gauge("longan_reactions_oldest_seconds", since, now.oldest_seconds if now else math.nan)
    parked = "Reactions that were given up, for a person to look at"
    yield _gauge("longan_reactions_parked", parked, now.parked if now else math.nan)
    yield _gauge("longan_reactions_parked_oldest_seconds", since, now.oldest_parked_seconds if now else math.nan)
    each = now.reactions if now else ()
    failing = "Those of them that were tried and did not succeed"
    yield _gauges("longan_reaction_waiting", "The same of one reaction", EACH, ((_named(r), r.waiting) for r in each))
    yield _gauges(
        "longan_reaction_oldest_seconds",
        "The same of one reaction",
        EACH,
        ((_named(r), r.oldest_seconds) for r in each),
    )
    yield _gauges("longan_reaction_failing", failing, EACH, ((_named(r), r.failing) for r in each))


def _named(waiting: Waiting) -> tuple[str, str]:
    known = reactions.named(waiting.reaction)
    return waiting.reaction, str(known.calls_out).lower() if known else "unknown"


def _of_webhooks(now: WebhookBacklog | None) -> Iterator[Metric]:
    waiting = "Deliveries to partners that have not arrived yet"
    yield _gauge("longan_webhook_deliveries_waiting", waiting, now.waiting if now else math.nan)
    due = "Since the oldest of those that could be sent was due"
    yield _gauge("longan_webhook_due_seconds", due, now.due_seconds if now else math.nan)
    failing = "Live webhooks whose server takes nothing"
    yield _gauge("longan_webhooks_failing", failing, now.failing if now else math.nan)
    yield _gauge("longan_webhooks_paused", "Webhooks that are paused", now.paused if now else math.nan)


def _of_notices(now: NoticeBacklog | None) -> Iterator[Metric]:
    put_off = "Pushes and texts to people that were tried in vain and wait"
    each = [(("PUSH",), now.pushes), (("SMS",), now.texts)] if now else []
    yield _gauges("longan_notices_put_off", put_off, ("channel",), each)
    since = "Since the oldest of them was tried for the first time"
    yield _gauge("longan_notices_put_off_oldest_seconds", since, now.oldest_seconds if now else math.nan)


def _of_money(now: MoneyAlarms | None) -> Iterator[Metric]:
    differ = "What is told of money in two places, and differs"
    yield _gauge("longan_ledger_breaks", differ, now.breaks if now else math.nan)
    since = "Since all agreements were compared with the ledger; NaN where they never were"
    age = now.reconciled_seconds if now else None
    yield _gauge("longan_reconciled_seconds", since, math.nan if age is None else age)
    yield _gauge(
        "longan_money_unmatched", "Sums of money that came and fit nothing", now.unmatched if now else math.nan
    )


def _of_deadlines(now: MoneyAlarms | None) -> Iterator[Metric]:
    missed = "What people were promised by a time that is past, and is not done"
    yield _gauge("longan_money_deadlines_missed", missed, now.missed if now else math.nan)
    since = "Since the oldest of them was missed"
    yield _gauge("longan_money_deadlines_missed_seconds", since, now.missed_seconds if now else math.nan)


def _of_days(now: DayBacklog | None) -> Iterator[Metric]:
    waiting = "Agreements that a day does something to and has not reached"
    yield _gauge("longan_day_waiting", waiting, now.waiting if now else math.nan)
    since = "Since the first day began that has not reached all of its agreements"
    yield _gauge("longan_day_oldest_seconds", since, now.oldest_seconds if now else math.nan)


def _of_watch(looked: AgedFigures | None) -> Iterator[Metric]:
    seen = looked.kept if looked else figures.NOTHING
    ago = "Since the live model was looked at; NaN where it never was"
    yield _gauge("longan_watch_age_seconds", ago, looked.age_seconds if looked else math.nan)
    drift = (
        [((seen["version"], str(seen["simulated"]).lower()), seen["score_psi"])]
        if seen["score_psi"] is not None
        else []
    )
    yield _gauges(
        "longan_score_psi", "Drift of the live score from training over 30 days", ("version", "simulated"), drift
    )
    inputs = (((name,), psi) for name, psi in seen["inputs"].items())
    yield _gauges("longan_feature_psi", "Drift of an input from training over 30 days", ("feature",), inputs)
    yield _gauge(
        "longan_watched_scores", "Live scores of the last 30 days that the drift was told from", seen["scores"]
    )
    outcomes = (((outcome,), share) for outcome, share in seen["scored"].items())
    yield _gauges(
        "longan_scoring_share", "People with linked accounts by what came of scoring them", ("outcome",), outcomes
    )
    promised, came = ([((grade,), pair[side]) for grade, pair in seen["grades"].items()] for side in (0, 1))
    yield _gauges("longan_promised_bad_rate", "Mean probability of default of matured loans", ("grade",), promised)
    yield _gauges("longan_matured_bad_rate", "Share of matured loans that went bad", ("grade",), came)


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def _gauges(
    name: str, documentation: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=labels)
    for labelled, value in values:
        family.add_metric(labelled, value)
    return family


def routes() -> list[BaseRoute]:
    """The door for figures. In production there is none until it has a token; the embedded default is on one machine, and open."""
    return [Route("/metrics", metrics)] if settings().is_embedded or settings().metrics_token else []
