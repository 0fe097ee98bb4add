"""Where every dialect begins: a person is asked, chooses a persona, and is sent back with a code."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from infra.words import preferred_locale
from integrations.sandbox.choosing import chooser, sorry
from integrations.sandbox.credentials import client_id
from integrations.sandbox.exchange import Request, Response, html_response, redirect
from integrations.sandbox.personas import PERSONAS, Persona
from integrations.sandbox.world import SandboxWorld

HOURS = 3600


@dataclass(frozen=True)
class ConsentDesk:
    """How one provider words its authorise step. `no` is what it sends when the person refuses."""

    key: str
    name: str
    words: Mapping[str, str] = field(default_factory=dict)
    code_name: str = "code"
    code_seconds: int = 300
    extras: tuple[str, ...] = ()  # parameters that the code must remember
    no: Callable[[str], Mapping[str, str]] = lambda state: {"error": "access_denied", "state": state}
    also: Callable[[SandboxWorld], Mapping[str, str]] = lambda world: {}

    def asked(self, request: Request, standard: str) -> str:
        return request.query.get(self.words.get(standard, standard), "")


def authorize(world: SandboxWorld, desk: ConsentDesk, request: Request) -> Response:
    locale = preferred_locale(request.headers.get("accept-language"))
    redirect_uri, state = desk.asked(request, "redirect_uri"), desk.asked(request, "state")
    if complaint := _complaint(desk, request):
        return html_response(sorry(complaint, locale), 400)
    if "refuse" in request.query:
        return redirect(redirect_uri, desk.no(state))
    if "persona" not in request.query:
        return html_response(chooser(desk.name, request.query, locale))
    persona = PERSONAS.get(request.query["persona"])
    if persona is None:
        return html_response(sorry("unknown persona", locale), 404)
    code = _code(world, desk, request, persona)
    return redirect(redirect_uri, {desk.code_name: code, "state": state, **desk.also(world)})


async def spend(world: SandboxWorld, key: str, code: str) -> dict[str, Any] | None:
    """What the code was given for; None where it is not ours, is over, or was used before."""
    given = world.seal.open(f"{key}:code", code, world.now)
    if given is None or not await world.memory.first_use(f"{key}:{given['jti']}", HOURS):
        return None
    return given


def new_tokens(
    world: SandboxWorld, key: str, given: Mapping[str, Any], seconds: int, refresh_seconds: int
) -> dict[str, str]:
    kept = {name: given[name] for name in ("jti", "persona", "subject", "scope", "misbehave")}
    return {
        "access_token": world.seal.close(f"{key}:access", kept, world.now + seconds),
        "refresh_token": world.seal.close(f"{key}:refresh", kept, world.now + refresh_seconds),
    }


async def renew(
    world: SandboxWorld, key: str, token: str, tokens: Callable[[dict[str, Any]], Response], refused: Response
) -> Response:
    """What a refresh token is answered; `refused` where it is not ours, is over, or the person took their permission back."""
    given = world.seal.open(f"{key}:refresh", token, world.now)
    if given is None or given["misbehave"] == "withdrawn" or await world.memory.was_used(_withdrawn(key, given)):
        return refused
    if given["misbehave"] == "renew_other":
        return tokens({**given, "subject": "another"})
    later = {**given, "misbehave": given["misbehave"].removeprefix("renew_")}
    return misbehaving(later) or tokens(given)


async def withdraw(world: SandboxWorld, key: str, kind: str, token: str) -> None:
    """From now on nothing is renewed that came of the same permission as this token."""
    if given := world.seal.open(f"{key}:{kind}", token, world.now):
        await world.memory.first_use(_withdrawn(key, given), 400 * 24 * HOURS)


def _withdrawn(key: str, given: Mapping[str, Any]) -> str:
    return f"{key}:withdrawn:{given['jti']}"


def misbehaving(given: Mapping[str, Any]) -> Response | None:
    """What a provider on a bad day answers, where the tester asked for it with `&misbehave=`."""
    match given["misbehave"]:
        case "500":
            return Response(500, b"<html>Internal Server Error</html>", {"Content-Type": "text/html"})
        case "garbage":
            return Response(200, b"<!doctype html><p>down for maintenance", {"Content-Type": "text/html"})
        case "slow":
            return Response(200, b"{}", {"Content-Type": "application/json"}, delay_seconds=60)
        case "redirect":
            return Response(302, headers={"Location": "https://example.invalid/"})
        case _:
            return None


def _complaint(desk: ConsentDesk, request: Request) -> str:
    if desk.asked(request, "client_id") != client_id(desk.key):
        return "unknown client"
    if desk.asked(request, "response_type") != "code":
        return "unsupported response_type"
    uri = urlsplit(desk.asked(request, "redirect_uri"))
    is_registered = uri.scheme in ("longan", "https") or (uri.scheme == "http" and uri.hostname == "127.0.0.1")
    return "" if is_registered else "redirect_uri is not registered"


def _code(world: SandboxWorld, desk: ConsentDesk, request: Request, persona: Persona) -> str:
    given = {
        "jti": secrets.token_hex(8),
        "persona": persona.key,
        # A new account every time, so that two phones may choose the same persona, unless the tester names one.
        "subject": request.query.get("subject") or secrets.token_hex(10),
        "scope": desk.asked(request, "scope"),
        "redirect_uri": desk.asked(request, "redirect_uri"),
        "misbehave": request.query.get("misbehave", ""),
        **{name: request.query.get(name, "") for name in desk.extras},
    }
    return world.seal.close(f"{desk.key}:code", given, world.now + desk.code_seconds)
