"""`/dev/people`: the invented people, and a session as one of them for a single click; embedded default only."""

import asyncio
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.dev.lives import CURRENCY, PersonaLife, life_of
from api.dev.sandbox import world
from domain.actors import UserActor
from domain.credit import assessing
from domain.credit.scores import ScoringState
from domain.facts import accounts
from domain.facts.accounts import LinkStatus
from domain.people import profiles, sessions, users
from domain.people.sessions import Session
from domain.people.users import User
from infra.database import Db, reading, transact
from infra.money import Money
from infra.words import preferred_locale
from integrations import linking
from integrations.sandbox import answering, exchange
from integrations.sandbox.personas import PERSONAS

PROVIDERS = ("wechat", "taobao", "oidc")
DEVICE = "GraphiQL"
REDIRECT = "longan://linked"
# Numbers that no telephone company gives out, one for each persona.
NUMBERS = {key: f"+8613000000{number:03d}" for number, key in enumerate(PERSONAS, 1)}
SETTLING_SECONDS_MAX = 60.0  # a machine that has just begun, and has a past to invent
LOOK_SECONDS = 0.1


async def people(request: Request) -> Response:
    locale = preferred_locale(request.headers.get("accept-language"))
    return JSONResponse(answering.personas(locale), headers={"Cache-Control": "no-store"})


async def sign_in(request: Request) -> Response:
    key = request.path_params["key"]
    if key not in PERSONAS:
        return JSONResponse({"error": f"There is no {key}. There are: {', '.join(PERSONAS)}."}, 404)
    session = await become(key)
    told = {
        "accessToken": session.access_token,
        "refreshToken": session.refresh_token,
        "accessExpiresAt": session.access_expires_at.isoformat(),
    }
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


async def become(key: str) -> Session:
    """A session as this persona. At the first time it registers, tells of itself and links its accounts, like anybody."""

    async def begin(db: Db) -> tuple[User, Session]:
        user = await users.find_or_register(db, NUMBERS[key])
        return user, await sessions.begin(db, user.id, DEVICE)

    user, session = await transact(begin)
    actor = UserActor(user.id, session.id)
    await _introduce(actor, life_of(key))
    if await _link_accounts(actor, key):
        await _settle(user)
    return session


async def _introduce(actor: UserActor, life: PersonaLife) -> None:
    income = Money.of(Decimal(life.monthly_income), CURRENCY)
    said: dict[str, date | str | Money | None] = {
        "birth_date": date.fromisoformat(life.birth_date),
        "region": life.region,
        "occupation": life.occupation,
        "monthly_income": income,
    }
    await transact(lambda db: profiles.update(db, actor, said))


async def _link_accounts(actor: UserActor, key: str) -> bool:
    """Whether any was missing."""
    async with reading() as db:
        linked = {
            each.provider for each in await accounts.linked(db, actor.user_id) if each.status is LinkStatus.ACTIVE
        }
    missing = [provider for provider in PROVIDERS if provider not in linked]
    for provider in missing:
        started = await linking.start(actor, provider, REDIRECT)
        await linking.complete(actor, await _agreed(started.authorization_url, provider, key))
    return bool(missing)


async def _agreed(authorization_url: str, provider: str, key: str) -> str:
    """The address to which the provider's page sends the persona who says yes."""
    asked = urlsplit(f"{authorization_url}&persona={key}&subject={key}")
    path = asked.path.partition(f"/sandbox/{provider}")[2]
    request = exchange.Request("GET", path, dict(parse_qsl(asked.query)))
    answer = await answering.answer(world(), provider, request)
    return answer.headers["Location"]


async def _settle(user: User) -> None:
    """Until the worker has scored; where there is none, the app says that it is working on it."""
    for _ in range(round(SETTLING_SECONDS_MAX / LOOK_SECONDS)):
        async with reading() as db:
            if (await assessing.standings(db, {user.id}))[user.id].state is not ScoringState.WORKING:
                return
        await asyncio.sleep(LOOK_SECONDS)


routes: list[Route] = [
    Route("/dev/people", people),
    Route("/dev/people/{key}/sign-in", sign_in, methods=["POST"]),
]
