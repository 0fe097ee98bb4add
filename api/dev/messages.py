"""`/dev/messages?to=`: what was sent to a number; embedded default only."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.database import reading
from infra.ids import global_id
from integrations.sms.kept import messages_to


async def messages(request: Request) -> Response:
    to = request.query_params.get("to", "").replace(" ", "+")
    if not to:
        return JSONResponse({"error": "Say whose messages: /dev/messages?to=%2B8613800138000"}, 400)
    async with reading() as db:
        kept = await messages_to(db, to)
    told = [
        {
            "to": to,
            "body": sms.body,
            "code": sms.code,
            "challengeId": global_id("Challenge", sms.id) if sms.code else None,
            "sentAt": sms.sent_at.isoformat(),
        }
        for sms in kept
    ]
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


routes: list[Route] = [Route("/dev/messages", messages)]
