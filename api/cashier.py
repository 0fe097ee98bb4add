"""`/cashier/...`: where Alipay and WeChat Pay tell what became of payments, each in its own words, and where people come back to.

What was taken in is answered as they want it; whatever else is answered makes them tell it again later.
"""

from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.documents import by_itself
from infra.settings import settings
from infra.words import N_, preferred_locale, say
from integrations.cashier import chosen
from integrations.cashier import wechat_pay_opening as opening
from integrations.cashier import wechat_pay_v2 as v2
from integrations.cashier.reading import NotBelieved

BODY_BYTES_MAX = 64_000
STYLE = (
    ":root{color-scheme:light dark}body{margin:0;font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:24rem;margin:0 auto;padding:3rem 1rem;text-align:center}"
    "a{display:block;padding:1rem;border-radius:.75rem;background:#07803f;color:#fff;font-weight:600;text-decoration:none}"
)
log = structlog.get_logger()


async def alipay(request: Request) -> Response:
    cashier = chosen.alipay()
    try:
        if cashier is None:
            raise NotBelieved("alipay:not_ours")
        await cashier.hear(_form(await request.body()), datetime.now(UTC))
    except NotBelieved as wrong:
        log.warning("cashier.not_believed", reason=wrong.reason)
        return PlainTextResponse("fail", 400)
    return PlainTextResponse("success")


async def wechat_pay(request: Request) -> Response:
    cashier = chosen.wechat_pay()
    try:
        if cashier is None:
            raise NotBelieved("wechat_pay:not_ours")
        await cashier.hear(dict(request.headers), await request.body(), datetime.now(UTC))
    except NotBelieved as wrong:
        log.warning("cashier.not_believed", reason=wrong.reason)
        return JSONResponse({"code": "FAIL", "message": "not believed"}, 401)
    return JSONResponse({"code": "SUCCESS", "message": "OK"})


async def wechat_pay_mandates(request: Request) -> Response:
    cashier = chosen.wechat_pay()
    try:
        if cashier is None:
            raise NotBelieved("wechat_pay:not_ours")
        await cashier.hear_of_mandates(await request.body())
    except NotBelieved as wrong:
        log.warning("cashier.not_believed", reason=wrong.reason)
        return Response(v2.NOT_BELIEVED, 401, media_type="text/xml")
    return Response(v2.HEARD, media_type="text/xml")


async def open_wechat_pay(request: Request) -> Response:
    """Show the way to a page of WeChat Pay, which opens from here and comes back to here."""
    keys = settings().cashiers.wechat_pay
    page, seal = (request.query_params.get(name, "") for name in ("page", "seal"))
    if keys is None or not opening.is_theirs(keys, page, seal):
        return PlainTextResponse("There is no such page.\n", 404)
    locale = preferred_locale(request.headers.get("accept-language"))
    title, after = say(N_("Open WeChat Pay"), locale), say(N_("Come back to the app afterwards."), locale)
    body = (
        f'<!doctype html><html lang="{locale}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><style>{STYLE}</style><main><a href="{escape(page)}">{title}</a><p>{after}</p></main></html>'
    )
    # It wants to know from which page, and there is nothing in it that it does not know.
    also = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer-when-downgrade", "Content-Language": locale}
    return HTMLResponse(body, headers={**by_itself(request, body, "wechat-pay.html"), **also})


async def done(request: Request) -> Response:
    """After a page of a cashier; it says nothing of the payment, which the cashier itself tells."""
    locale = preferred_locale(request.headers.get("accept-language"))
    sentence = say(N_("You can go back to the app now. It shows your payment as soon as it has arrived."), locale)
    return PlainTextResponse(f"{sentence}\n", headers={"Content-Language": locale, "Cache-Control": "no-store"})


def _form(body: bytes) -> dict[str, str]:
    """The form's parameters. One that is given twice has no one meaning, so that nothing of it is believed."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise NotBelieved("alipay:no_form") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise NotBelieved("alipay:twice")
    return dict(pairs)


routes: list[BaseRoute] = [
    Route("/cashier/alipay", alipay, methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route("/cashier/wechat-pay", wechat_pay, methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route("/cashier/wechat-pay/mandates", wechat_pay_mandates, methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route(opening.PATH, open_wechat_pay),
    Route("/cashier/done", done),
]
