"""Whatever somebody sends who has signed in, each field answers in its shapes, tells nothing of others, and holds up nobody.

`LONGAN_SIGNED_IN=200` asks each field so many times; the same number asks the same.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
import pytest

from domain.applications.applications import Application
from domain.consent.consents import ConsentScope
from domain.credit.grades import Grade
from domain.people import sessions
from domain.permissions import Role
from infra.database import transaction
from infra.ids import global_id
from tests.api.fuzz.careful import Careful
from tests.api.fuzz.conftest import House
from tests.api.fuzz.documents import SCHEMAS
from tests.api.fuzz.holding import each, holding
from tests.api.fuzz.requests import JSON, Answer, Asked, dumped, why_not
from tests.api.offering import close
from tests.api.people import Shop, apply_at, open_shop, shown_id, staff_token

TIMES = int(os.environ.get("LONGAN_SIGNED_IN", "3"))
SEED = 20261128
OCCUPATION, SKU = b"keeper of the lighthouse", b"nobody-elses"  # of the other person, and of the other shop
# It would end the session; that its tokens are nobody's afterwards is tested elsewhere.
WITHOUT = frozenset({"signOut", "reportRecycledNumber"})
# Whoever may not ask some of the fields at all, and is told so each time.
CLOSED_OUT = frozenset({Role.MARKETING, Role.APPROVER, Role.VIEWER})


@dataclass
class Asker:
    door: str
    schema: str
    token: str
    foreign: tuple[bytes, ...] = ()  # what no answer to them may have in it


@dataclass
class World:
    """A person who has applied at a shop, the shop, all of the staff; another person and another shop."""

    askers: dict[str, Asker]
    ids: list[str]


@pytest.fixture
async def world(steady: House) -> AsyncIterator[World]:
    shop, other = await open_shop(), await open_shop(sku=SKU.decode())
    share = (ConsentScope.SCORE_CHECK,)
    mine = await apply_at(shop, share=share, grade=Grade.B)
    others = await apply_at(other, share=share, grade=Grade.B, occupation=OCCUPATION.decode())
    async with transaction() as db:
        person = (await sessions.begin(db, mine.user_id, "phone")).access_token
    askers: dict[str, Asker] = {
        "person": Asker("/graphql", "app", person, (OCCUPATION,)),
        "partner": Asker("/partner/graphql", "partner", shop.token, (OCCUPATION, SKU)),
        **{role.value: Asker("/console/graphql", "console", await staff_token(role), (OCCUPATION,)) for role in Role},
    }
    askers[Role.RISK].foreign = ()
    yield World(askers, [*_ids_of(mine, shop), *_ids_of(others, other)])
    await close(shop)
    await close(other)


def _ids_of(application: Application, shop: Shop) -> list[str]:
    user = global_id("User", application.user_id)
    return [shown_id(application), user, global_id("Product", shop.product.id), global_id("Partner", shop.partner.id)]


@pytest.mark.parametrize("who", ["person", "partner", *Role])
async def test_every_field(steady: House, world: World, who: str) -> None:
    asker = world.askers[who]
    careful = Careful(SEED, SCHEMAS[asker.schema], world.ids, WITHOUT)
    numbered = [careful.request(*root, is_plain=not each) for root in careful.roots for each in range(TIMES)]
    names = [name for _, name in careful.roots for _ in range(TIMES)]
    wrong, well, shut = [], Counter[str](), Counter[str]()

    async def ask(number: int) -> None:
        headers = [("Host", "127.0.0.1"), ("Content-Type", JSON), ("Authorization", f"Bearer {asker.token}")]
        asked = Asked("POST", asker.door, "", headers, dumped(numbered[number]))
        answer = Answer.of(await steady.ask(asked.written(number)))
        if reason := why_not(asked, answer):
            wrong.append((reason, numbered[number], answer.body[:1_000]))
        if any(each in answer.body for each in asker.foreign):
            wrong.append(("it tells what is others'", numbered[number], answer.body[:1_000]))
        well[names[number]] += answer.status == 200 and "errors" not in orjson.loads(answer.body)
        shut[names[number]] += b'"FORBIDDEN"' in answer.body

    await each(ask, len(numbered))
    assert wrong == [], wrong[:6]
    # What is always refused unread would prove nothing.
    if who not in CLOSED_OUT:
        assert [name for _, name in careful.roots if not well[name] and not shut[name]] == []
    held = await holding(steady, ask)
    assert held == {}, {seconds: numbered[number] for number, seconds in held.items()}
