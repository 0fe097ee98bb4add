"""The web app: three doors, what an operator asks for, and, on the embedded default, the sandbox."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api import cashier, documents, graphiql, health, metrics, wiring, withdrawals
from api.app import authenticating, evidence, exports, papers, uploads
from api.app.keeping import keeping
from api.app.schema import schema as app_schema
from api.compressing import Compressing
from api.console import pages as console_pages
from api.console import schema as console_schema
from api.console import sessions as console_sessions
from api.console.pages import visits as console_visits
from api.console.pages.visits import CONSOLE
from api.failing import Failing, by_graphql, plainly
from api.graphql.http import Door
from api.middleware import RequestIds
from api.oauth import answering, seats
from api.oauth import pages as share_pages
from api.oauth import routes as oauth
from api.partner import pages as partner_pages
from api.partner import schema as partner_schema
from api.partner.pages import visits as partner_visits
from api.partner.pages.visits import PARTNERS
from api.server import siblings
from api.turns import NameOf, Turns
from infra import cache, database, doorbell, telemetry
from infra.background import end
from infra.migrations.standing import wait_for_tables
from infra.settings import settings

# The first that fits. Whoever asks for a token or a session has none yet.
DOORS: dict[str, NameOf] = {
    "/graphql": authenticating.name_of,
    "/partner/graphql": partner_schema.name_of,
    "/partner": partner_visits.name_of,
    "/console": console_visits.name_of,
    "/oauth/": lambda _: None,
}
# Its documents are charged by what they cost.
WEIGH = frozenset({"/graphql"})
SECRETS = frozenset({*oauth.POSTS, "/console/session", CONSOLE.sign_in, PARTNERS.sign_in})
TELLERS = {
    "/graphql": by_graphql,
    "/partner/graphql": by_graphql,
    "/console/graphql": by_graphql,
    **dict.fromkeys(oauth.POSTS, answering.failed),
    seats.PATH: share_pages.failed,
    "/console/session": plainly,
    "/console": console_pages.failed,
    "/partner": partner_pages.failed,
}


# For so long a thread that works on a list of matches keeps Python from the loop, at each step of every request beside it.
# Python's own 5 ms make of eight round trips to the database up to forty.
THREAD_SECONDS = 0.0005
# How often memory is looked through for what nobody uses any more: every dozen requests what is new, but only every
# twenty-five thousand all that is kept since, the lists and answers of hundreds of people: it holds up everybody for some fifty
# milliseconds.
GARBAGE = 5_000, 10, 200


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    telemetry.configure_logging()
    if siblings.exist():
        siblings.end_together()
    sys.setswitchinterval(THREAD_SECONDS)
    database.open_engine()
    tasks = [asyncio.create_task(doorbell.listen()), asyncio.create_task(_serve_the_live_models(app))]
    yield
    for task in tasks:
        await end(task)
    await doorbell.rung()
    await database.close_engine()
    await cache.close_valkey()


async def _serve_the_live_models(app: Starlette) -> None:
    """Warm before anybody asks; until then `/readyz` says no. Then, each heartbeat, a look at what is live."""
    said = ""
    while True:
        try:
            await (wiring.keep_up() if app.state.is_warm else _warm())
            app.state.is_warm, said = True, ""
        except Exception as error:
            # A missing model is the operator's to mend, and a lost database comes back: it is tried again, and said once.
            if said != (said := repr(error)):
                structlog.get_logger().exception("models.not_warm")
        await asyncio.sleep(settings().model_heartbeat_seconds)


async def _warm() -> None:
    await wait_for_tables()
    await wiring.warm()
    siblings.say_warm()
    # What is loaded by now stays. Looking through all of it for garbage would hold up every request for a third of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def routes() -> list[BaseRoute]:
    shows_schema = settings().shows_schema
    app_door = keeping(
        Door(app_schema(), authenticating.authenticate, is_public=True, ide=graphiql.page if shows_schema else None)
    )
    found: list[BaseRoute] = [
        Route("/graphql", app_door),
        WebSocketRoute("/graphql", app_door),
        Route("/partner/graphql", Door(partner_schema.schema(), partner_schema.authenticate)),
        Route("/console/graphql", Door(console_schema.schema(), console_schema.authenticate)),
        *oauth.routes,
        *share_pages.routes,
        *cashier.routes,
        *withdrawals.routes,
        *console_sessions.routes,
        *console_pages.routes(),
        *partner_pages.routes(),
        *documents.routes,
        *evidence.routes,
        *exports.routes,
        *uploads.routes,
        *papers.routes,
        *health.routes,
        *metrics.routes(),
        *([graphiql.PAGES.files()] if shows_schema else []),
    ]
    return [*found, *_dev_routes()] if settings().is_embedded else found


def _dev_routes() -> list[BaseRoute]:
    from api.dev import cashier as sandbox_cashier
    from api.dev import clock, home, messages, people, sandbox
    from api.dev.neighbours import for_neighbours

    ours = for_neighbours([*home.routes, *clock.routes, *messages.routes, *people.routes, *sandbox_cashier.routes])
    return [*ours, home.PAGES.files(), *sandbox_cashier.pages, *sandbox.routes]


def make_app() -> Starlette:
    app = Starlette(
        routes=routes(),
        lifespan=lifespan,
        middleware=[
            Middleware(RequestIds),
            Middleware(Compressing),
            Middleware(TrustedHostMiddleware, allowed_hosts=settings().allowed_hosts or ["*"], www_redirect=False),
            Middleware(Failing, tellers=TELLERS),
            Middleware(Turns, doors=DOORS, secrets=SECRETS, weigh=WEIGH),
        ],
        max_body_size=settings().request_limits.body_bytes,
    )
    # It would go to the host that the request names, which may be anybody's.
    app.router.redirect_slashes = False
    app.state.is_warm = False
    return app


app = make_app()
