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

LEAP_MAX = timedelta(days=3_653)  # nothing here lasts longer, and no calendar ends within some of them


def duration(text: str) -> timedelta | None:
    """None for what is no such duration, or longer than ten years."""
    match = DURATION.fullmatch(text)
    if match is None or text in {"P", "PT"}:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    if not days + hours / 24 + minutes / 1_440 + seconds / 86_400 <= LEAP_MAX.days:
        return None
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


async def tell(request: Request) -> Response:
    if request.method == "POST":
        by = await _asked(request)
        if by is None:
            return JSONResponse({"error": 'Send {"advance": "PT1H"}, an ISO 8601 duration of up to ten years.'}, 400)
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
