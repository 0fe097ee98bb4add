"""The guide for the app's engineers: what it sends is sent, and what it shows is what comes back."""

import re
from pathlib import Path
from typing import Any

from graphql import GraphQLEnumType, GraphQLObjectType

from api import codes
from tests.api.doors import served_schemas
from tests.applying import BY_PARTNER
from tests.guides import differences, filled, shown_in
from tests.phones import Phone, code_for, new_key

GUIDE = Path(__file__).parents[3] / "api/app/README.md"
SCHEMA = served_schemas()["app"]
OBJECTS = {
    name: type_
    for name, type_ in SCHEMA.type_map.items()
    if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
}


async def test_what_the_guide_sends_is_answered_as_it_shows(phone: Phone) -> None:
    last: dict[str, Any] = {}
    live = {
        "phone": lambda: phone.number,
        "challengeId": lambda: last["id"],
        "refreshToken": lambda: phone.session["refreshToken"],
        "idempotencyKey": new_key,
        "productId": lambda: BY_PARTNER,
        "ids": lambda: [BY_PARTNER, "nonsense"],
    }
    for number, shown in enumerate(guide := shown_in(GUIDE)):
        if shown.document == guide[number - 1].document and "mutation Apply" in shown.document:
            await phone.link("wechat")
            await phone.settle()
        variables = filled(shown.variables, live)
        if "code" in variables.get("input", {}):
            variables["input"]["code"] = await code_for(last["id"])
        answer = (await phone.post(shown.document, variables)).json()
        answer.pop("extensions", None)
        assert list(differences(shown.answer, answer)) == [], (shown.document, answer)
        (found,) = answer["data"].values()
        if isinstance(found, dict):
            last = found
            phone.session |= found if found.get("__typename") == "Session" else {}


def test_every_code_that_the_guide_names_is_one() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{4,}[A-Z])`", GUIDE.read_text("utf-8")))
    values = {
        value for type_ in SCHEMA.type_map.values() if isinstance(type_, GraphQLEnumType) for value in type_.values
    }
    listed = set(re.findall(r"^\| `([\w.]+)` \|", codes.FILE.read_text("utf-8"), re.MULTILINE))
    assert len(named) >= 4
    assert named - values - listed == set()


def test_every_type_without_an_id_has_its_cache_key_told() -> None:
    told = set(re.findall(r"`(\w+)`", GUIDE.read_text("utf-8").split("## Cache keys")[1].split("```")[0]))
    roots = {"Query", "Mutation", "Subscription", "PageInfo"}
    keyless = {
        name
        for name, type_ in OBJECTS.items()
        if "id" not in type_.fields and name not in roots and not name.endswith(("Connection", "Edge"))
    }
    assert keyless - told == set()
    assert {name for name in told & OBJECTS.keys() if "id" in OBJECTS[name].fields} <= {"User", "Benefit"}


def test_every_mutation_says_what_to_read_again() -> None:
    section = GUIDE.read_text("utf-8").split("## What to read again after a change")[1].split("```")[0]
    assert SCHEMA.mutation_type is not None
    told_elsewhere = {"requestPhoneCode", "startAccountLink"}  # nothing has changed yet
    assert SCHEMA.mutation_type.fields.keys() - told_elsewhere - set(re.findall(r"`(\w+)`", section)) == set()
