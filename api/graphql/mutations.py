"""One mutation, one transaction, one commit; a refusal becomes data."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry

from api.graphql.context import Context, Info
from api.graphql.inputs import CHECK
from api.graphql.refusals import Refused
from infra import clock, doorbell
from infra.database import Db, transact
from infra.errors import Refusal, not_found
from infra.ids import parse_global_id
from infra.loaders import Tick
from infra.words import N_

T = TypeVar("T")
Input = Annotated[T, strawberry.argument(description="All that is told; each of its fields says what it is.")]


def key() -> Any:
    """The field of an input that makes a retry safe."""
    return strawberry.field(
        description="8 to 128 characters, made by the client for each intention, as a UUID: the same key and input "
        "again answer the same for 30 days and do nothing twice."
    )


async def commit(info: Info, work: Callable[[Db], Awaitable[Any]]) -> Any:
    """Run `work` in one transaction. A refusal that it raises rolls back, one that it returns stays; both are answered.

    What the answer shows besides is read afterwards, as of the same time.
    """

    async def committed(db: Db) -> Any:
        result = await work(db)
        return result, await clock.dated(db)

    async def done() -> Any:
        result, at = await transact(committed, doorbell.ring_beside)
        info.context.tick = Tick(at)
        return result

    return await answer(info.context, done())


async def answer(context: Context, work: Awaitable[Any]) -> Any:
    """The answer, or the refusal in the words of the person's language."""
    try:
        result = await work
    except Refusal as refusal:
        result = refusal
    return Refused.of(result, context.locale) if isinstance(result, Refusal) else result


def id_check(kind: str) -> dict[object, object]:
    """Metadata of an input field: what is no id of this kind is told beside everything else that is wrong."""
    return {CHECK: partial(id_of, kind)}


def id_of(kind: str, text: str, *field: str) -> UUID:
    """The id inside a global id of this kind. Refuses NOT_FOUND any other, as if it were somebody else's."""
    parsed = parse_global_id(text)
    if parsed is None or parsed[0] != kind:
        raise not_found(N_("We could not find anything with this id."), field)
    return parsed[1]
