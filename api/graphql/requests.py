"""The shape of a request, alike over HTTP and a socket."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from strawberry.http import GraphQLRequestData

from api.graphql import documents
from api.graphql.errors import BadRequest
from infra.settings import settings

SHAPES: Mapping[str, type] = {
    "query": str,
    "operationName": str,
    "variables": dict,
    "extensions": dict,
    "documentId": str,
}


@dataclass
class GraphQLRequest(GraphQLRequestData):
    """A request whose document was found; `sha256` where it came by its hash, or teaches it."""

    sha256: str | None = None


def json_of(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest("This is not JSON.") from None


async def request_of(data: object, *, by_get: bool = False) -> GraphQLRequest:
    """Raises BadRequest for another shape, UnknownDocument for a hash that nobody has sent in full yet."""
    if not isinstance(data, Mapping):
        raise BadRequest("A request is a JSON object.")
    for name, shape in SHAPES.items():
        if not isinstance(data.get(name), shape | None):
            raise BadRequest(f"`{name}` has the wrong shape.")
    wanted = documents.hash_in(data.get("extensions"), data.get("documentId"))
    if by_get and wanted is None and not settings().allows_plain_get:
        raise BadRequest("By GET, ask by the hash of a document.")
    query = data.get("query") if wanted is None else await documents.find(data.get("query"), wanted)
    if not query:
        raise BadRequest("A request needs a query.")
    return GraphQLRequest(
        query=query,
        variables=data.get("variables"),
        operation_name=data.get("operationName"),
        extensions=data.get("extensions"),
        sha256=wanted,
    )
