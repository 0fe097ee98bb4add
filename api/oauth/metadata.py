"""What a client library reads to find everything by itself: the server's metadata (RFC 8414) and its keys (RFC 7517)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.oauth import assertions, clients, introspecting, pushing, revoking, seats, token
from api.oauth.authorizing import OFFLINE
from domain.people import signing_keys
from domain.permissions import Scope
from infra.settings import settings

KEYS = "/.well-known/jwks.json"
METADATA = "/.well-known/oauth-authorization-server"
PROVING = {"token": token.PATH, "introspection": introspecting.PATH, "revocation": revoking.PATH}
_KEPT = {"Cache-Control": f"public, max-age={int(signing_keys.KEPT_BY_OTHERS.total_seconds())}"}


async def metadata(_: Request) -> Response:
    issuer = settings().public_url
    return JSONResponse(
        {
            "issuer": issuer,
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
            **{f"{name}_endpoint": f"{issuer}{path}" for name, path in PROVING.items()},
            **{f"{name}_endpoint_auth_methods_supported": clients.METHODS for name in PROVING},
            **{f"{name}_endpoint_auth_signing_alg_values_supported": assertions.ALGORITHMS for name in PROVING},
        }
    )


async def keys(_: Request) -> Response:
    told = {"keys": [*(await signing_keys.published()).values()]}
    return JSONResponse(told, headers=_KEPT, media_type="application/jwk-set+json")
