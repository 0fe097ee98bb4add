"""The sandbox's front: which dialect answers, and who lives there."""

from collections.abc import Awaitable, Callable, Mapping

from infra.words import Locale, say
from integrations.sandbox import (
    alipay,
    douyin,
    facebook,
    google,
    jd,
    line,
    mercado_livre,
    oidc,
    qq,
    taobao,
    tiktok,
    wechat,
    wechat_in_app,
    wechat_mini,
    weibo,
)
from integrations.sandbox.exchange import Request, Response, json_response
from integrations.sandbox.personas import PERSONAS
from integrations.sandbox.world import SandboxWorld

DIALECTS: Mapping[str, Callable[[SandboxWorld, Request], Awaitable[Response | None]]] = {
    dialect.KEY: dialect.answer
    for dialect in (
        *(wechat, wechat_in_app, wechat_mini, qq, weibo, douyin, taobao, jd, alipay),
        *(google, facebook, line, tiktok, mercado_livre, oidc),
    )
}


async def answer(world: SandboxWorld, provider: str, request: Request) -> Response:
    dialect = DIALECTS.get(provider)
    response = await dialect(world, request) if dialect else None
    return response or json_response({"error": "not_found"}, 404)


def personas(locale: Locale) -> list[dict[str, str]]:
    return [
        {"key": persona.key, "name": say(persona.name, locale), "story": say(persona.story, locale)}
        for persona in PERSONAS.values()
    ]
