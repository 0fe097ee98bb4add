"""What a mutation changes can be read again in its own answer."""

import pytest
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from api.app.schema import schema
from tests.api.walking import mutations
from tests.applying import wish
from tests.phones import Phone, new_key

# What changes nothing that the viewer shows; and whoever signs out, or stops a stranger with a code, is none.
NOTHING_CHANGED = {
    "AccountLinkRequest",
    "Challenge",
    "ChangePreview",
    "LinkPreview",
    "SecondFactorRequired",
    "SecondFactorEnrolment",
    "SteppedUp",
}
NOBODY = {"SignedOut", "PhoneChangeStopped"}


def successes() -> dict[str, GraphQLObjectType]:
    """Whatever a mutation of the app may answer but a refusal, by mutation and type."""
    found: dict[str, GraphQLObjectType] = {}
    for name, field in mutations(schema()._schema).items():
        union = get_named_type(field.type)
        assert isinstance(union, GraphQLUnionType)
        found |= {f"{name}: {each.name}": each for each in union.types if each.name != "Refused"}
    return found


@pytest.mark.parametrize("answer", successes())
def test_every_mutation_answers_what_leads_to_the_person(answer: str) -> None:
    type_ = successes()[answer]
    if type_.name not in NOTHING_CHANGED | NOBODY | {"User"}:
        assert get_named_type(type_.fields["viewer"].type).name == "User", "give it api.app.viewing.viewer_field()"


async def test_the_answer_shows_what_was_changed(shopper: Phone) -> None:
    applied = await shopper.ask(
        "mutation ($input: ApplyInput!) { apply(input: $input) { ... on Application { id application { id status }"
        " viewer { applications(first: 1) { totalCount nodes { id } } } } } }",
        input=wish(idempotencyKey=new_key()),
    )
    application = applied["apply"]
    assert application["application"]["id"] == application["id"]
    assert application["viewer"]["applications"] == {"totalCount": 1, "nodes": [{"id": application["id"]}]}

    by_cost = await shopper.ask(
        "mutation { setMatchPreference(input: {isPersonal: false}) { ... on Matching { isPersonal viewer { id matching {"
        " isPersonal } matches(first: 1) { nodes { id reasons { code } } } } } } }"
    )
    viewer = by_cost["setMatchPreference"]["viewer"]
    assert (viewer["matching"], viewer["matches"]["nodes"][0]["reasons"]) == (
        {"isPersonal": False},
        [{"code": "BY_COST"}],
    )

    match = viewer["matches"]["nodes"][0]["id"]
    product = (await shopper.ask("query ($id: ID!) { node(id: $id) { ... on Match { product { id } } } }", id=match))[
        "node"
    ]
    opened = await shopper.ask(
        "mutation ($ids: [ID!]!) { openMatches(input: {productIds: $ids}) { ... on MatchesOpened { opened viewer { id } } } }",
        ids=[product["product"]["id"]],
    )
    assert opened["openMatches"] == {"opened": 1, "viewer": {"id": viewer["id"]}}

    (account, *others) = (await shopper.ask("{ viewer { linkedAccounts { id } } }"))["viewer"]["linkedAccounts"]
    unlinked = await shopper.ask(
        "mutation ($id: ID!) { unlinkAccount(input: {linkedAccountId: $id}) { ... on LinkedAccount { status viewer {"
        " linkedAccounts { id } } } } }",
        id=account["id"],
    )
    assert unlinked["unlinkAccount"] == {"status": "UNLINKED", "viewer": {"linkedAccounts": others}}
