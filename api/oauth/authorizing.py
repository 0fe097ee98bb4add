"""What a client's website asks at `/oauth/authorize` (RFC 6749, section 4.1.1; RFC 7636; RFC 9700), read to the letter."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from api.oauth.bearing import NO_OTHER_DOOR, is_for_us
from domain.consent.consenting import DAYS_MAX
from domain.consent.consents import ConsentScope, Purpose
from domain.people.partners import Partner, PartnerClient
from domain.permissions import Scope
from domain.sharing.share_requests import Asked
from infra.database import Db
from infra.settings import settings
from infra.words import N_

QUERY_MAX, STATE_MAX = 4_000, 1_000
DAYS = 30
OFFLINE = "offline_access"
PUSHED = "urn:ietf:params:oauth:request_uri:"
BROKEN = N_("The address that brought you here is broken.")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
SCOPES: Mapping[str, ConsentScope] = {
    Scope.SCORES.value: ConsentScope.SCORE_CHECK,
    Scope.SCORE_REPORTS.value: ConsentScope.SCORE_REPORT,
    Scope.FACTS.value: ConsentScope.CONTRIBUTE_FACTS,
}


class NotSentBack(Exception):
    """What is wrong for a page: it is not known that the address to send somebody back to is the client's own."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SentBack(Exception):
    """What is wrong, told to the client at its own address (section 4.1.2.1)."""

    def __init__(self, back: "Back", error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description
        self.address = back.address(error=error, error_description=description)


@dataclass(frozen=True)
class Back:
    """The way back to a client: an address that is registered for it, and what it wants to hear again there."""

    redirect_uri: str
    state: str | None

    def address(self, **told: str) -> str:
        """Where to send the browser, which hears who answers too (RFC 9207): so that no other server's answer is taken for ours."""
        state = {"state": self.state} if self.state is not None else {}
        query = urlencode({**told, **state, "iss": settings().public_url})
        return self.redirect_uri + ("&" if "?" in self.redirect_uri else "?") + query


async def client_of(db: Db, query: str) -> tuple[PartnerClient, Back]:
    """Who asks, and the way back. Raises NotSentBack: whoever made this address up is sent nowhere."""
    pairs = _pairs(query)
    client_ids, uris, states = (_all(pairs, name) for name in ("client_id", "redirect_uri", "state"))
    client = await db.get(PartnerClient, client_ids[0]) if len(client_ids) == 1 and "\0" not in client_ids[0] else None
    if client is None:
        raise NotSentBack(N_("We do not know the website that sent you here."))
    if len(uris) != 1 or uris[0] not in client.redirect_uris:
        raise NotSentBack(N_("The website that sent you here gave an address that is not registered for it."))
    return client, Back(uris[0], states[0] if len(states) == 1 and _is_kept(states[0]) else None)


def asked_of(query: str, client: PartnerClient, partner: Partner, back: Back) -> Asked:
    """What a known client asks. Raises SentBack."""
    pairs = _pairs(query)
    said = dict(pairs)

    def refused(error: str, description: str) -> SentBack:
        return SentBack(back, error, description)

    if len(said) < len(pairs):
        raise refused("invalid_request", "a parameter is given twice")
    if back.state != said.get("state"):
        raise refused("invalid_request", f"state has at most {STATE_MAX} characters, none of them NUL")
    if said.get("response_type") != "code":
        kind = "unsupported_response_type" if "response_type" in said else "invalid_request"
        raise refused(kind, "response_type must be code")
    if {"request", "request_uri"} & said.keys():
        kind = "request_uri_not_supported" if "request_uri" in said else "request_not_supported"
        raise refused(kind, "write it out, or push it first")
    if said.get("response_mode", "query") != "query":
        raise refused("invalid_request", "the answer comes in the query")
    if said.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(said.get("code_challenge", "")):
        raise refused("invalid_request", "code_challenge is missing: 43 characters, with code_challenge_method=S256")
    if said.get("prompt") == "none":
        raise refused("interaction_required", "nobody shares anything without seeing what")
    if not is_for_us(said):
        raise refused("invalid_target", NO_OTHER_DOOR)
    scopes, is_offline = _scopes(said, client, refused)
    days = said.get("days", str(DAYS))
    if not re.fullmatch(r"[1-9][0-9]{0,2}", days) or int(days) > DAYS_MAX:
        raise refused("invalid_request", f"days is 1 to {DAYS_MAX}")
    purpose = said.get("purpose", partner.purpose)
    if purpose not in set(Purpose):
        raise refused("invalid_request", f"purpose is one of {' '.join(Purpose)}")
    return Asked(back.redirect_uri, back.state, said["code_challenge"], Purpose(purpose), scopes, int(days), is_offline)


def pushed_in(query: str) -> tuple[str, str] | None:
    """Client and reference of what was pushed (RFC 9126); None where the query says itself what is asked. Raises NotSentBack."""
    uris, client_ids = (_all(_pairs(query), name) for name in ("request_uri", "client_id"))
    if not any(uri.startswith(PUSHED) for uri in uris):
        return None
    if len(uris) > 1 or len(client_ids) != 1:
        raise NotSentBack(BROKEN)
    return client_ids[0], uris[0].removeprefix(PUSHED)


def _scopes(
    said: Mapping[str, str], client: PartnerClient, refused: Callable[[str, str], SentBack]
) -> tuple[Sequence[ConsentScope], bool]:
    """What to see, never more than the client may at all, and whether it may be seen while nobody sits there."""
    offered = [scope for scope in SCOPES if scope in client.scopes]
    asked = said.get("scope", Scope.SCORES.value).split(" ")
    wanted = [scope for scope in asked if scope != OFFLINE]
    if not wanted or not set(wanted) <= set(offered):
        raise refused("invalid_scope", f"the client may ask for: {' '.join([*offered, OFFLINE])}")
    return [SCOPES[scope] for scope in wanted], OFFLINE in asked


def _pairs(query: str) -> list[tuple[str, str]]:
    """The parameters that have a value. Raises NotSentBack for what is no query."""
    try:
        if len(query) > QUERY_MAX:
            raise ValueError
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise NotSentBack(BROKEN) from None
    return [(name, value) for name, value in pairs if value]


def _is_kept(state: str) -> bool:
    """Whether we can keep it until the answer; Postgres keeps no NUL."""
    return len(state) <= STATE_MAX and "\0" not in state


def _all(pairs: Sequence[tuple[str, str]], name: str) -> list[str]:
    return [value for each, value in pairs if each == name]
