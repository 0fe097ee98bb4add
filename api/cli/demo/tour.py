"""The tour: everybody's journey, one after the other, and a table of what became of them."""

import asyncio
from collections.abc import Sequence

import httpx2
from websockets.exceptions import WebSocketException

from api.cli.demo.answers import Outcome
from api.cli.demo.desks import Credentials, PartnerDesk, ReviewDesk, ready_credentials
from api.cli.demo.doors import Data, RefusedAtDoor, Unreachable
from api.cli.demo.journey import Desks, Journey
from api.cli.demo.telling import DemoTeller

TIMEOUT_SECONDS = 30


class Interrupted(Exception):
    """The story broke off in the middle; the sentence says how."""


class NoSuchPersona(Exception):
    """Whom there is."""


async def tour(address: str, tell: DemoTeller, *, only: Sequence[str]) -> list[Outcome]:
    """What became of each. Raises `Unreachable`, `NoSuchPersona` and `Interrupted`."""
    headers = {"Accept-Language": "zh-CN" if tell.locale == "zh" else "en"}
    # What this drives is on this machine; a proxy that the environment names is not asked.
    async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        people = chosen(await personas(http, address), only)
        asking = asyncio.create_task(ready_credentials(address))
        try:
            return await everybody(http, address, tell, people, asking)
        except RefusedAtDoor as refusal:
            raise Interrupted(f"The story broke off, for Longan said: {refusal}") from None
        except (httpx2.HTTPError, WebSocketException, OSError) as error:
            raise Interrupted(f"The story broke off: {address} stopped answering ({type(error).__name__}).") from None
        finally:
            asking.cancel()


async def personas(http: httpx2.AsyncClient, address: str) -> list[Data]:
    try:
        ready = await http.get("/readyz")
        answer = await http.get("/sandbox/personas")
    except httpx2.TransportError:
        raise Unreachable(address, "Nobody answers") from None
    if answer.status_code != httpx2.codes.OK:
        raise Unreachable(address, "There is no sandbox, and the demo needs one,")
    if ready.status_code != httpx2.codes.OK:
        raise Unreachable(address, "Longan is not ready yet")
    found: list[Data] = answer.json()
    return found


def chosen(people: list[Data], only: Sequence[str]) -> list[Data]:
    known = {person["key"]: person for person in people}
    if unknown := [key for key in only if key not in known]:
        raise NoSuchPersona(f"There is no persona {unknown[0]}. There are: {', '.join(known)}.")
    return [known[key] for key in only] if only else people


async def everybody(
    http: httpx2.AsyncClient,
    address: str,
    tell: DemoTeller,
    people: list[Data],
    asking: "asyncio.Task[Credentials | None]",
) -> list[Outcome]:
    tell.opening(address)
    outcomes = []
    for number, person in enumerate(people, 1):
        tell.heading(person, number, len(people))
        journey = Journey(http, address, tell, person, lambda: desks(http, asking))
        outcomes.append(await journey.walk())
    tell.closing(address, outcomes)
    return outcomes


async def desks(http: httpx2.AsyncClient, asking: "asyncio.Task[Credentials | None]") -> Desks | None:
    """Who decides; None where this machine is not the one that Longan runs on."""
    credentials = await asyncio.shield(asking)
    return Desks(PartnerDesk(http, credentials), ReviewDesk(http, credentials)) if credentials else None
