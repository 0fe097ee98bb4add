"""`/dev/clock`: moves the time of API and worker together; embedded default only."""

import re
from datetime import timedelta

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra import clock, doorbell
from infra.database import transaction

# ISO 8601 durations, as far as they are a fixed time: P1DT2H3M4S.
DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def duration(text: str) -> timedelta | None:
    match = DURATION.fullmatch(text)
    if match is None or text in {"P", "PT"}:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


async def tell(request: Request) -> Response:
    if request.method == "POST":
        by = await _asked(request)
        if by is None:
            return JSONResponse({"error": 'Send {"advance": "PT1H"}, an ISO 8601 duration.'}, 400)
        async with transaction() as db:
            await clock.advance(db, by)
        await doorbell.ring_everywhere()
    async with transaction() as db:
        return JSONResponse({"now": (await clock.now(db)).isoformat()})


async def _asked(request: Request) -> timedelta | None:
    try:
        asked = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        return None
    advance = asked.get("advance") if isinstance(asked, dict) else None
    return duration(advance) if isinstance(advance, str) else None


routes: list[Route] = [Route("/dev/clock", tell, methods=["GET", "POST"])]
