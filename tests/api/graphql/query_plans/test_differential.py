"""Whatever a plan answers, graphql-core answers too, byte for byte, and with no fewer statements.

Errors stand in the order in which they happened, which is another each time: what is in memory by now fails sooner.

`LONGAN_PLANS=5000` asks so many generated queries instead of a few.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

import graphql
import orjson
import pytest
from graphql import OperationDefinitionNode, OperationType

from api.app.schema import schema as app
from api.console.schema import authenticate as by_staff
from api.console.schema import schema as console
from api.graphql.context import Context
from api.graphql.schemas import Schema
from api.partner.schema import authenticate as by_partner
from api.partner.schema import schema as partner
from domain.actors import Actor, KnownActor, Role, UserActor
from domain.applications.applications import ApplicationStatus
from domain.consent.consents import ConsentScope
from domain.credit.grades import Grade
from infra.database import transaction
from infra.ids import new_id
from infra.settings import settings
from infra.words import Locale
from tests.api.doors import operations
from tests.api.graphql.query_plans.asking import Told, ask_core, ask_plan
from tests.api.graphql.query_plans.documents import Query, Writer
from tests.api.graphql.query_plans.spoiling import MOODS, fields_in, spoiled
from tests.api.offering import close
from tests.api.people import Shop, apply_at, open_shop, somebody, staff_token
from tests.phones import Phone

QUERIES = int(os.environ.get("LONGAN_PLANS", "40"))
# What a query may write: it may be run twice, so writing it again changes nothing.
WRITTEN = (
    *("INSERT INTO impressions", "INSERT INTO partner_questions", "DELETE FROM partner_questions"),
    *("INSERT INTO lookups", "INSERT INTO evidence_leaves"),  # of who sees a grade
    *("INSERT INTO feed_heads", "UPDATE feed_heads"),  # when a feed was last read by time
)


class Asker(NamedTuple):
    """Somebody at a door."""

    name: str
    schema: Schema
    actor: Actor | None
    locale: Locale = "en"

    def context(self) -> Context:
        context = Context(locale=self.locale, ip="127.0.0.1", authenticate=_nobody)
        context.actor = self.actor
        return context

    async def both(self, query: Query) -> tuple[Told, Told]:
        return await ask_core(self.schema, query, self.context()), await ask_plan(self.schema, query, self.context())


async def _nobody(token: str) -> KnownActor[Actor]:
    raise AssertionError("nobody shows a token")


@pytest.fixture(scope="module")
async def askers(shared_shopper: Phone) -> AsyncIterator[list[Asker]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings(), "model_heartbeat_seconds", 1e6)  # nobody looks for other models in between
        shop = await open_shop()
        yield [Asker("scored", app(), UserActor(shared_shopper.user_id, new_id()), "zh"), *await others(shop)]
        await close(shop)


async def others(shop: Shop) -> list[Asker]:
    declined = await apply_at(shop, status=ApplicationStatus.DECLINED, grade=Grade.C)
    waiting = await apply_at(shop, share=(ConsentScope.SCORE_CHECK,), grade=Grade.B)
    async with transaction() as db:
        newcomer = await somebody(db)
    people = {"new": newcomer.id, "declined": declined.user_id, "waiting": waiting.user_id}
    return [
        Asker("visitor", app(), None),
        *(Asker(name, app(), UserActor(id, new_id())) for name, id in people.items()),
        Asker("partner", partner(), (await by_partner(shop.token)).actor),
        *[Asker(role, console(), (await by_staff(await staff_token(role))).actor) for role in (Role.RISK, Role.VIEWER)],
    ]


@pytest.fixture(scope="module")
async def samples(askers: list[Asker]) -> dict[str, Sequence[Any]]:
    """Ids of what is really there, beside some of nothing."""
    return await ids_for(askers)


async def ids_for(askers: list[Asker]) -> dict[str, Sequence[Any]]:
    found: set[str] = {"UHJvZHVjdDox", "", "\0"}
    for asker in askers:
        for query in [each for each in documents(asker) if not each.variables]:
            found |= set(ids_in(orjson.loads((await ask_core(asker.schema, query, asker.context())).answer)))
    return {"ID": sorted(found)}


def ids_in(value: Any) -> Iterator[str]:
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if key == "id" and isinstance(each, str):
            yield each
        elif isinstance(each, dict | list):
            yield from ids_in(each)


def documents(asker: Asker, samples: dict[str, Sequence[Any]] | None = None) -> Iterator[Query]:
    """The contract's queries that are built, with the variables that they must have."""
    core = asker.schema._schema
    audience = {app(): "app", partner(): "partner", console(): "console"}[asker.schema]
    writer = Writer(Random(1), core, samples or {})
    for text in operations(audience).values():
        document = graphql.parse(text)
        (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
        if operation.operation is OperationType.QUERY and not graphql.validate(core, document):
            yield Query(text, writer.needed(operation))


def check(core: Told, plan: Told, about: object) -> None:
    assert plan.answer == core.answer, about
    odd = [one for one in core.sent if not one.lstrip().startswith(("SELECT", "WITH", *WRITTEN))]
    assert odd == [], "a query writes, though it may be run twice"
    if plan.by == "plan":
        assert len(plan.sent) <= len(core.sent), (about, core.sent, plan.sent)


async def test_the_contracts_queries(askers: list[Asker], samples: dict[str, Sequence[Any]]) -> None:
    by: Counter[str] = Counter()
    for asker in askers:
        for query in documents(asker, samples):
            core, plan = await asker.both(query)
            check(core, plan, (asker.name, query))
            by[plan.by] += 1
            if orjson.loads(core.answer)["errors"] == []:
                assert plan.by == "plan", (asker.name, query)
    assert by["plan"] > 20 and set(by) <= {"plan", "failed", "nobody"}, by


async def test_generated_queries(askers: list[Asker], samples: dict[str, Sequence[Any]]) -> None:
    by: Counter[str] = Counter()
    for seed in range(QUERIES):
        random = Random(seed)
        asker = random.choice(askers)
        query = Writer(random, asker.schema._schema, samples).query()
        core, plan = await asker.both(query)
        check(core, plan, (seed, asker.name, query))
        by[plan.by] += 1
        if orjson.loads(core.answer)["errors"] == []:
            assert plan.by == "plan", (seed, asker.name, query)
    assert by["plan"] > QUERIES / 4 and set(by) <= {"plan", "failed", "nobody"}, by


async def test_generated_queries_that_go_wrong(askers: list[Asker], samples: dict[str, Sequence[Any]]) -> None:
    wrong = 0
    for seed in range(QUERIES, QUERIES + QUERIES // 2):
        random = Random(seed)
        asker = random.choice([each for each in askers if each.actor])
        query = Writer(random, asker.schema._schema, samples).query()
        fields = fields_in(asker.schema._schema, query.text)
        if not fields:
            continue
        mood = random.choice(list(MOODS))
        with spoiled(random.choice(fields), MOODS[mood], random):
            core, plan = await asker.both(query)
        check(core, plan, (seed, asker.name, mood, query))
        wrong += orjson.loads(core.answer)["errors"] != []
    assert wrong > QUERIES / 20, wrong


async def test_a_page_of_matches_takes_as_many_statements_however_long(askers: list[Asker]) -> None:
    text = "query Q($first: Int) { viewer { matches(first: $first) { nodes { product { partner { name } } } } } }"
    asker = next(each for each in askers if each.name == "scored")
    await asker.both(Query(text, {"first": 20}))
    few, many = [await ask_plan(app(), Query(text, {"first": most}), asker.context()) for most in (1, 20)]
    assert few.by == many.by == "plan"
    assert len(orjson.loads(many.answer)["data"]["viewer"]["matches"]["nodes"]) > 5
    assert len(many.sent) == len(few.sent)
