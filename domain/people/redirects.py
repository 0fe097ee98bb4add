"""Redirects: the addresses of a client's own website, to which people are sent back."""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from domain.people.partners import PartnerClient
from infra.database import Db
from infra.errors import invalid
from infra.words import N_

LENGTH_MAX, MOST = 500, 20
LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})  # a developer's own machine
FIELD = ("input", "redirectUris")
# What an answer adds to an address: twice there, and no careful client takes the answer.
ANSWERED = frozenset({"code", "state", "iss", "error", "error_description"})


async def register(db: Db, client: PartnerClient, uris: Sequence[str]) -> None:
    """Make these the client's addresses, instead of those before. Refuses INVALID."""
    if len(uris) > MOST:
        raise invalid(N_("A client has at most {most} addresses."), FIELD, most=MOST)
    for uri in uris:
        refuse_unfit(uri)
    client.redirect_uris = sorted(set(uris))
    await db.flush()


def refuse_unfit(uri: str) -> None:
    """Refuses INVALID whatever is not one address of a website, spelled out: a code goes there in the open."""
    if not is_fit(uri):
        raise invalid(
            N_(
                "An address is https://host/path without a fragment, nor code, state, iss or error in its query; http only for "
                "127.0.0.1, [::1] and localhost."
            ),
            FIELD,
        )


def is_fit(uri: str) -> bool:
    if not uri.isascii() or not uri.isprintable() or set(uri) & set(' \\"<>*') or len(uri) > LENGTH_MAX:
        return False
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 - it is read when it is asked for, and may be none
    except ValueError:
        return False
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    is_named = bool(parts.hostname) and "@" not in parts.netloc and "#" not in uri
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    asked = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return is_named and is_safe and not {".", ".."} & set(parts.path.split("/")) and not ANSWERED & asked
