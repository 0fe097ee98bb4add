"""`/dev/cashier`: how the sandbox cashier goes the next times; and its page. Embedded default only."""

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from infra.database import Db, reading, transact, transaction
from infra.words import preferred_locale
from integrations.cashier.sandbox import cashier, orders, page, telling
from integrations.cashier.sandbox.orders import SandboxMode, SandboxOrder
from integrations.sandbox.exchange import html_response

TIMES_MAX = 1_000_000
SORRY = f'Send {{"mode": "{"|".join(SandboxMode)}", "times": 1}}, from 1 to {TIMES_MAX:,} times.'


async def turns(request: Request) -> Response:
    """POST lets the next payments and payouts go otherwise, DELETE takes that back; all answer what is still to come."""
    if request.method == "POST":
        asked = await _asked(request)
        if asked is None:
            return JSONResponse({"error": SORRY}, 400)
        async with transaction() as db:
            await orders.arrange(db, *asked)
    elif request.method == "DELETE":
        async with transaction() as db:
            await orders.forget(db)
    async with reading() as db:
        coming = [{"mode": turn.mode, "times": turn.times} for turn in await orders.turns(db)]
    return JSONResponse({"next": coming}, headers={"Cache-Control": "no-store"})


async def _asked(request: Request) -> tuple[SandboxMode, int] | None:
    try:
        asked = orjson.loads(await request.body())
        mode, times = SandboxMode(asked["mode"]), asked.get("times", 1)
    except (orjson.JSONDecodeError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return (mode, times) if type(times) is int and 1 <= times <= TIMES_MAX else None


async def pay(request: Request) -> Response:
    """The page of an order. What is pressed there lies with the sandbox first, and is then told to the house."""
    locale = preferred_locale(request.headers.get("accept-language"))
    id = request.path_params["id"]

    async def pressed(db: Db) -> SandboxOrder | None:
        if request.method == "GET":
            return await orders.order(db, id)
        return await cashier.press(db, id, is_paid=word == "pay")

    word = (await request.form()).get("press") if request.method == "POST" else None
    order = await transact(pressed)
    if order is None:
        return html_response_of(page.missing(locale), 404)
    if request.method == "POST":
        await telling.tell(order)
    return html_response_of(page.page_of(order, locale))


def html_response_of(text: str, status: int = 200) -> Response:
    made = html_response(text, status)
    return Response(made.body, made.status, dict(made.headers))


routes: list[Route] = [Route("/dev/cashier", turns, methods=["GET", "POST", "DELETE"])]
pages: list[BaseRoute] = [Route(f"{orders.PATH}/{{id:uuid}}", pay, methods=["GET", "POST"])]
