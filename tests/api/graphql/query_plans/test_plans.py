"""A plan is made for what is asked repeatedly, within bounds, and what it cannot tell graphql-core tells."""

import asyncio
import os
from collections import Counter
from random import Random
from typing import Any

import orjson
import pytest

from api.graphql.admitting import admit
from api.graphql.query_plans import compiling, keeping, planning
from api.graphql.requests import GraphQLRequest
from tests.api.graphql.query_plans.asking import Told, ask_core, ask_plan, counts
from tests.api.graphql.query_plans.documents import Query, Writer
from tests.api.graphql.query_plans.kinds import Asking, schema

QUERIES = int(os.environ.get("LONGAN_PLANS", "80"))
KEYS = [1, 2, 3, 4] * 4 + [5, 6, 7, 9]


@pytest.fixture(autouse=True)
def plans(monkeypatch: pytest.MonkeyPatch) -> keeping.Plans:
    """None yet."""
    plans = keeping.Plans()
    monkeypatch.setattr(keeping, "plans", plans)
    return plans


async def ask(text: str, /, **variables: Any) -> Any:
    """As a door asks: admitted, and then run."""
    asker = Asking()
    asked = GraphQLRequest(query=text, variables=variables, operation_name=None, extensions=None)
    await admit(schema(), asked, asker)
    result = await schema().execute(text, variable_values=variables, context_value=asker)
    return {"data": result.data} | ({"errors": [each.formatted for each in result.errors]} if result.errors else {})


async def by_whom(text: str, /, **variables: Any) -> str:
    """Who answered: a plan, or why graphql-core did."""
    before = counts()
    await ask(text, **variables)
    (by,) = [key for key, count in counts().items() if count > before.get(key, 0)]
    return by


async def both(text: str, /, **variables: Any) -> tuple[Told, Told]:
    query = Query(text, variables)
    return await ask_core(schema(), query, Asking()), await ask_plan(schema(), query, Asking())


async def test_generated_queries_of_every_kind_of_type_are_answered_the_same() -> None:
    by: Counter[str] = Counter()
    for seed in range(QUERIES):
        query = Writer(Random(seed), schema()._schema, {"Int": KEYS}).query()
        one, other = Asking(), Asking()
        core, plan = await ask_core(schema(), query, one), await ask_plan(schema(), query, other)
        assert plan.answer == core.answer, (seed, query)
        assert plan.by != "plan" or len(other.batches) <= len(one.batches), (seed, query)
        by[plan.by] += 1
    assert by["plan"] > QUERIES / 2 and by["failed"] > QUERIES / 20 and set(by) == {"plan", "failed"}, by


@pytest.mark.parametrize(
    "field",
    "must sometimes pets{name} refused fails error noneOfIt denied mine path promise promised streamed".split(),
)
async def test_what_a_plan_cannot_tell_is_told_by_graphql_core(field: str) -> None:
    core, plan = await both(f"{{ broken {{ surely {{ inner {{ a: {field} }} }} }} }}")
    assert (plan.answer, plan.by) == (core.answer, "failed")


async def test_an_error_has_its_place() -> None:
    text = "{ broken { inner { refused } } }"
    for _ in range(keeping.SEEN_MIN + 1):
        answer = await ask(text)
    assert answer["data"] == {"broken": [{"inner": {"refused": None}}, None, {"inner": {"refused": None}}]}
    assert [(each["path"], each["locations"]) for each in answer["errors"]] == [
        (["broken", index, "inner", "refused"], [{"line": 1, "column": 20}]) for index in (0, 2)
    ]


async def test_a_query_is_planned_once_it_was_asked_repeatedly(plans: keeping.Plans) -> None:
    assert [await by_whom("{ fine { date } }") for _ in range(4)] == ["seldom", "seldom", "plan", "plan"]
    assert [await by_whom("{ fine { time } }") for _ in range(2)] == ["seldom", "seldom"]
    assert len(plans._planned) == 1


async def test_arguments_are_each_requests_own() -> None:
    text = """query ($text: String! = "usual", $size: Size! = LARGE, $keys: [Int!]!) {
        echo(text: $text, wish: {words: [$text, "b"], size: $size}) named(keys: $keys) { name } }"""
    given: list[dict[str, Any]] = [
        {"keys": [1]},
        {"keys": [2, 3], "text": "other"},
        {"keys": [], "size": "SMALL"},
        {"keys": [1, 2], "text": "last"},
    ]
    answers = [(await ask(text, **each))["data"] for each in given]
    assert await by_whom(text, keys=[1]) == "plan"
    assert [[each["name"] for each in answer["named"]] for answer in answers] == [
        ["Ash"],
        ["Bo", "Cleo"],
        [],
        ["Ash", "Bo"],
    ]
    assert [answer["echo"].split()[0] for answer in answers] == ["usual", "other", "usual", "last"]
    assert ["SMALL" in answer["echo"] for answer in answers] == [False, False, True, False]


async def test_each_choice_of_conditions_has_a_plan_of_its_own(plans: keeping.Plans) -> None:
    text = "query ($a: Boolean!, $b: Boolean = true) { fine { date @skip(if: $a) ...F @include(if: $b) } } fragment F on Fine { rank }"
    for _ in range(2):
        answers = [(await ask(text, a=a, b=b))["data"]["fine"] for a, b in ((False, True), (True, True), (True, False))]
        assert answers == [{"date": "2000-02-03", "rank": "LAST"}, {"rank": "LAST"}, {}]
    assert await by_whom(text, a=False) == "plan"
    (planned,) = plans._planned.values()
    assert planned.conditions == ("a", "b") and len(planned.variants) == 3


async def test_one_operation_has_only_so_many_plans(plans: keeping.Plans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "VARIANTS_MAX", 2)
    text = "query ($a: Boolean!, $b: Boolean!) { fine { date @skip(if: $a) rank @skip(if: $b) allowed } }"
    asked = [(a, b) for a in (True, False) for b in (True, False)]
    for _ in range(keeping.SEEN_MIN):
        by = [await by_whom(text, a=a, b=b) for a, b in asked]
    assert by == ["refused", "refused", "plan", "plan"]


async def test_the_plans_are_bounded(plans: keeping.Plans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIELDS_KEPT_MAX", 40)
    monkeypatch.setattr(keeping, "SEEN_MAX", 10)
    for number in range(30):
        for _ in range(keeping.SEEN_MIN):
            await ask(f"{{ n{number}: fine {{ date time number rank }} }}")
    assert 1 <= len(plans._planned) <= 5
    assert sum(each.fields for each in plans._planned.values()) <= 40
    assert len(plans._seen) == 10


async def test_a_query_of_too_many_fields_is_never_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "FIELDS_MAX", 5)
    core, plan = await both("{ fine { a: date b: date c: date d: date e: date } }")
    assert (plan.answer, plan.by) == (core.answer, "refused")
    # The members of an abstract type are compiled when they are met.
    core, plan = await both("{ pet { ... on Cat { a: name b: name c: name d: name e: name } } }")
    assert (plan.answer, plan.by) == (core.answer, "failed")


NINE_LIVES, MANY = 1, 5  # which are no number


async def test_a_plan_that_fails_again_and_again_rests() -> None:
    text = "query ($key: Int!) { pet(key: $key) { __typename ... on Cat { lives } } }"
    for _ in range(keeping.SEEN_MIN):
        await ask(text, key=NINE_LIVES)
    assert [await by_whom(text, key=MANY) for _ in range(planning.FAILURES_MAX)] == ["failed"] * planning.FAILURES_MAX
    by = [await by_whom(text, key=NINE_LIVES) for _ in range(planning.RESTS + 1)]
    assert by == ["resting"] * planning.RESTS + ["plan"]


async def test_whoever_provokes_errors_takes_nobody_elses_plan_away() -> None:
    text = "query ($key: Int!) { pet(key: $key) { __typename ... on Cat { lives } } }"
    for _ in range(keeping.SEEN_MIN):
        await ask(text, key=NINE_LIVES)
    for _ in range(2 * planning.FAILURES_MAX):
        assert [await by_whom(text, key=key) for key in (MANY, NINE_LIVES)] == ["failed", "plan"]


async def test_a_mutation_is_run_by_graphql_core_alone() -> None:
    assert [await by_whom("mutation { do }") for _ in range(keeping.SEEN_MIN + 1)][-1] == "refused"


async def test_what_lies_beside_is_loaded_together() -> None:
    text = (
        "{ cats { friends { __typename } best { shout } } dogs { nodes { best { __typename } last { __typename } } } }"
    )
    asker = Asking()
    assert (await ask_plan(schema(), Query(text, {}), asker)).by == "plan"
    assert asker.batches == [[1, 1, 2, 2, 2, 4, 4, 4], [1, 3]]


async def test_a_request_that_is_broken_off_leaves_nothing_running() -> None:
    asker, begun, ended = Asking(), asyncio.Event(), asyncio.Event()

    async def never(*_: Any) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    asker.loader.load_fn = never
    query = Query("{ one: pet(key: 1) { __typename } two: pet(key: 2) { __typename } fines { date } }", {})
    asked = asyncio.create_task(ask_plan(schema(), query, asker))
    await begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await ended.wait()


async def test_the_answer_keeps_the_order_that_was_asked_for() -> None:
    core, plan = await both(
        "{ z: pet { __typename } fine { date } a: echo y: fines { rank } b: pet { name: __typename } }"
    )
    assert list(orjson.loads(plan.answer)["data"]) == ["z", "fine", "a", "y", "b"]
    assert plan.answer == core.answer


async def test_a_query_over_a_socket_has_the_same_plan() -> None:
    text = "{ fine { date } }"
    for _ in range(keeping.SEEN_MIN):
        answer = await ask(text)
    asker, before = Asking(), counts()
    asked = GraphQLRequest(query=text, variables={}, operation_name=None, extensions=None)
    await admit(schema(), asked, asker)
    told = [each async for each in await schema().stream(text, variable_values={}, context_value=asker)]
    assert [{"data": each.data} for each in told] == [answer]  # type: ignore[union-attr]
    assert counts()["plan"] == before["plan"] + 1
