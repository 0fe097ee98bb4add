"""The authorization server's endpoints."""

from collections.abc import Mapping

from starlette.routing import BaseRoute, Route

from api.oauth import introspecting, metadata, pushing, revoking, token
from api.oauth.answering import BODY_BYTES_MAX, Endpoint, answering

# Each proves a client.
POSTS: Mapping[str, Endpoint] = {
    token.PATH: answering(token.token),
    pushing.PATH: answering(pushing.push, 201),
    introspecting.PATH: answering(introspecting.introspect),
    revoking.PATH: answering(revoking.revoke),
}

routes: list[BaseRoute] = [
    *(Route(path, endpoint, methods=["POST"], max_body_size=BODY_BYTES_MAX) for path, endpoint in POSTS.items()),
    Route(metadata.METADATA, metadata.metadata),
    Route(metadata.KEYS, metadata.keys),
]
