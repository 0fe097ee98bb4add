"""What partners do by a token of a person's: whatever opens nothing is refused alike, and at the same time after it came."""

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import Any

from api.graphql.context import Info
from api.graphql.mutations import commit
from api.graphql.refusals import Refused
from infra.database import Db
from infra.errors import RefusalCode

# Longer than a refusal takes: a token that was once good is written down for its person to see, and one that nobody made is
# not. What the loop's own clock would tell of the rest is lost in what is drawn.
REFUSED_AFTER_SECONDS, DRAWN_SECONDS = 0.05, 0.01
_draw = SystemRandom()


async def commit_by_token(info: Info, work: Callable[[Db], Awaitable[Any]]) -> Any:
    """Commit as others do; CONSENT_NOT_LIVE is not answered before its time."""
    time = asyncio.get_running_loop().time
    due = time() + REFUSED_AFTER_SECONDS + _draw.uniform(0, DRAWN_SECONDS)
    answer = await commit(info, work)
    if isinstance(answer, Refused) and answer.code == RefusalCode.CONSENT_NOT_LIVE:
        await asyncio.sleep(due - time())
    return answer
