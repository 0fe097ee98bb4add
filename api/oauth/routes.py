"""The authorization server's endpoints."""

from starlette.routing import BaseRoute, Route

from api.oauth import metadata, pushing, token
from api.oauth.answering import BODY_BYTES_MAX, answering

routes: list[BaseRoute] = [
    Route(token.PATH, answering(token.token), methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route(pushing.PATH, answering(pushing.push, 201), methods=["POST"], max_body_size=BODY_BYTES_MAX),
    Route(metadata.METADATA, metadata.metadata),
    Route(metadata.KEYS, metadata.keys),
]
