"""What a client library reads to find everything by itself: the server's metadata (RFC 8414) and its keys (RFC 7517)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.oauth import pushing, seats, token
from api.oauth.authorizing import OFFLINE
from domain.people import signing_keys
from domain.permissions import Scope
from infra.settings import settings

KEYS = "/.well-known/jwks.json"
METADATA = "/.well-known/oauth-authorization-server"
_KEPT = {"Cache-Control": f"public, max-age={int(signing_keys.KEPT_BY_OTHERS.total_seconds())}"}


async def metadata(_: Request) -> Response:
    issuer = settings().public_url
    return JSONResponse(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}{token.PATH}",
            "jwks_uri": f"{issuer}{KEYS}",
            "authorization_endpoint": f"{issuer}{seats.PATH}",
            "scopes_supported": [*sorted(Scope), OFFLINE],
            "grant_types_supported": sorted(token.GRANTS),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "pushed_authorization_request_endpoint": f"{issuer}{pushing.PATH}",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "request_uri_parameter_supported": False,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


async def keys(_: Request) -> Response:
    told = {"keys": [*(await signing_keys.published()).values()]}
    return JSONResponse(told, headers=_KEPT, media_type="application/jwk-set+json")
