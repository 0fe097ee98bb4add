"""What one request may ask, whatever it hides behind; and that counting it stays cheap."""

import time
from typing import Any

import pytest

from api.graphql import budgets
from infra.setting_parts import RequestLimits
from infra.settings import settings
from tests.phones import Phone, new_key, new_number

LIMITS = RequestLimits()


async def refused(phone: Phone, query: str, variables: dict[str, Any] | None = None) -> tuple[str, str]:
    """The code and the words, before anything ran."""
    response = await phone.post(query, variables, Accept="application/graphql-response+json")
    body = response.json()
    assert response.status_code == 400
    assert "data" not in body
    assert body["errors"][0]["extensions"]["requestId"] == response.headers["x-request-id"]
    return body["errors"][0]["extensions"]["code"], body["errors"][0]["message"]


class TestTokens:
    async def test_are_fewer_for_a_visitor(self, member: Phone) -> None:
        for person, most in ((Phone(member.http), LIMITS.visitor_tokens), (member, LIMITS.tokens)):
            # `{`, the names and `}`: all that there may be.
            names = " ".join(f"nothing{n}" for n in range(most - 2))
            assert (await refused(person, f"{{ {names} }}"))[0] == "BAD_REQUEST"
            assert await refused(person, f"{{ {names} more }}") == (
                "COST_EXCEEDED",
                f"A document has up to {most} tokens.",
            )

    async def test_are_few_where_strings_are_long(self, phone: Phone) -> None:
        query = '{ node(id: "' + "x" * LIMITS.document_bytes + '") { id } }'
        assert await refused(phone, query) == ("COST_EXCEEDED", "A document has up to 24000 bytes.")


class TestNamesakes:
    async def test_are_fifty_in_one_place(self, phone: Phone) -> None:
        assert (await phone.post("{" + " viewer { id }" * 50 + "}")).status_code == 200
        words = "This asks for one name more than 50 times in one place."
        assert await refused(phone, "{" + " viewer { id }" * 51 + "}") == ("COST_EXCEEDED", words)

    @pytest.mark.parametrize(
        "query",
        [
            "{" + " viewer { id id id }" * 17 + "}",
            "{ viewer {" + " ...A" * 51 + "} } fragment A on User { id }",
            "{" + " ...A" * 26 + "} fragment A on Query { viewer { ...B ...B } } fragment B on User { id }",
            "{" + " ... { ... on Query { viewer { id } x: viewer { id } } }" * 25 + " viewer { " + "id " * 26 + "} }",
        ],
    )
    async def test_are_counted_where_they_meet(self, phone: Phone, query: str) -> None:
        assert (await refused(phone, query))[0] == "COST_EXCEEDED"


class TestDepth:
    async def test_is_enough_for_every_screen(self, phone: Phone) -> None:
        fine = "{ viewer { matches { edges { node { product { partner { id } } } } } } }"
        assert (await phone.post(fine)).status_code == 200

    async def test_is_counted_through_fragments(self, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().request_limits, "depth", 3)
        plain = "{ viewer { membership { tier { name code } } } }"
        spread = (
            "query { ...A } fragment A on Query { viewer { ...B } } fragment B on User { membership { tier { name } } }"
        )
        inline = "{ ... on Query { viewer { ... on User { membership { tier { rank } } } } } }"
        for query in (plain, spread, inline):
            assert await refused(phone, query) == ("COST_EXCEEDED", "This goes deeper than 3 levels.")
        assert (await phone.post("{ viewer { membership { since } } }")).status_code == 200


class TestAliases:
    async def test_are_thirty_at_most(self, phone: Phone) -> None:
        def aliased(times: int) -> str:
            return "{" + " ".join(f"a{n}: __typename" for n in range(times)) + "}"

        assert (await phone.post(aliased(30))).status_code == 200
        assert await refused(phone, aliased(31)) == ("COST_EXCEEDED", "This uses more than 30 aliases.")

    async def test_are_counted_each_time_that_a_fragment_is_spread(self, phone: Phone) -> None:
        aliases = " ".join(f"a{n}: key" for n in range(11))
        query = f"query {{ accountProviders {{ ...A ...A ...A }} }} fragment A on Provider {{ {aliases} }}"
        assert await refused(phone, query) == ("COST_EXCEEDED", "This uses more than 30 aliases.")


class TestOneSignInAtATime:
    @pytest.mark.parametrize(
        "hidden",
        [
            "{ a: $ b: $ }",
            "{ ...A b: $ } fragment A on Mutation { $ }",
            "{ ... on Mutation { $ } ... { x: $ } }",
            "{ ...A ...B } fragment A on Mutation { x: $ } fragment B on Mutation { y: $ }",
        ],
    )
    async def test_whatever_it_hides_behind(self, phone: Phone, hidden: str) -> None:
        asking = "requestPhoneCode(input: $a) { __typename }"
        query = f"mutation ($a: RequestPhoneCodeInput!) {hidden}".replace("$ ", f"{asking} ")
        answer = await refused(phone, query, {"a": {"phone": phone.number}})
        assert answer == ("COST_EXCEEDED", "Sign in with one mutation in a request.")
        assert (await phone.http.get("/dev/messages", params={"to": phone.number})).json() == []

    async def test_a_thousand_guesses_in_one_request_are_none(self, phone: Phone) -> None:
        asked = await phone.ask_for_code()
        guesses = " ".join(
            f'a{n}: signIn(input: {{challengeId: "{asked}", code: "{n:06}", deviceName: "x", idempotencyKey: "{new_key()}"}})'
            " { __typename }"
            for n in range(60)
        )
        began = time.thread_time()
        assert (await refused(phone, f"mutation {{ {guesses} }}"))[0] == "COST_EXCEEDED"
        assert time.thread_time() - began < 1
        assert (await phone.answer(asked))["__typename"] == "Session"

    async def test_two_kinds_are_two(self, phone: Phone) -> None:
        query = """mutation ($a: RequestPhoneCodeInput!, $r: RefreshSessionInput!) {
            requestPhoneCode(input: $a) { __typename } refreshSession(input: $r) { __typename } }"""
        variables = {
            "a": {"phone": new_number()},
            "r": {"refreshToken": "x", "idempotencyKey": new_key()},
        }
        assert (await refused(phone, query, variables))[0] == "COST_EXCEEDED"

    async def test_two_operations_of_which_one_runs_are_one(self, phone: Phone) -> None:
        one = "mutation {name}($a: RequestPhoneCodeInput!) {{ requestPhoneCode(input: $a) {{ __typename }} }}"
        body = {
            "query": one.format(name="A") + one.format(name="B"),
            "operationName": "A",
            "variables": {"a": {"phone": phone.number}},
        }
        answer = (await phone.http.post("/graphql", json=body)).json()
        assert answer["data"] == {"requestPhoneCode": {"__typename": "Challenge"}}


COST = "query ($n: Int) { products(first: $n) { edges { node { id title partner { id name } } } } }"


class TestCost:
    @pytest.mark.parametrize(
        ("variables", "cost"),
        [
            ({"n": 1}, 8),
            ({"n": 10}, 71),
            ({"n": 100}, 701),
            ({"n": 100.0}, 701),
            ({"n": 2.0}, 701),
            ({}, 141),
            ({"n": None}, 141),
        ],
    )
    async def test_multiplies_by_the_length_of_the_list(
        self, phone: Phone, variables: dict[str, Any], cost: int
    ) -> None:
        response = await phone.post(COST, variables)
        assert response.json()["extensions"]["cost"]["requested"] == cost

    async def test_counts_a_fragment_each_time(self, phone: Phone) -> None:
        query = """{ a: products(first: 10) { ...E } b: products(first: 10) { ...E } }
            fragment E on ProductConnection { edges { node { id title partner { id name } } } }"""
        cost = (await phone.post(query)).json()["extensions"]["cost"]["requested"]
        assert cost == 2 * 71

    async def test_takes_a_variables_default(self, phone: Phone) -> None:
        query = COST.replace("$n: Int", "$n: Int = 100")
        assert (await phone.post(query)).json()["extensions"]["cost"]["requested"] == 701

    async def test_sees_a_page_through_a_fragment(self, phone: Phone) -> None:
        query = "{ products { ...E } } fragment E on ProductConnection { edges { node { id } } }"
        assert (await phone.post(query)).json()["extensions"]["cost"]["requested"] == 1 + 20 * 3

    async def test_of_nodes_is_that_of_so_many_items(self, phone: Phone) -> None:
        asked = (await phone.post("{ products { nodes { id title } edges { node { id } } } }")).json()
        assert asked["extensions"]["cost"]["requested"] == 1 + 20 * (3 + 3)
        page = asked["data"]["products"]
        assert [each["id"] for each in page["nodes"]] == [each["node"]["id"] for each in page["edges"]]
        assert len(page["nodes"]) == 20

    async def test_above_the_limit_is_refused_before_anything_runs(self, member: Phone) -> None:
        page = (
            "edges { node { id title kind termMonths partner { id name } amountMin { amount } amountMax { amount } } }"
        )
        lists = " ".join(f"a{n}: products(first: 100) {{ {page} }}" for n in range(20))
        code, message = await refused(member, f"{{ {lists} }}")
        assert code == "COST_EXCEEDED"
        assert message == "This costs 26020; a request may cost 20000."

    async def test_is_charged_to_who_asks(self, member: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings().request_limits, "cost_per_minute", 20)
        query = "{ viewer { id profile { region } } } # " + new_key()
        # 10 words to read, and 4 fields; read once.
        assert (await member.post(query)).status_code == 200
        assert (await member.post(query)).status_code == 200
        tired = await member.post(query)
        assert tired.status_code == 429
        assert tired.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"

    @pytest.mark.parametrize(
        ("query", "most"),
        [
            ("{ nothing }", 40),
            ("{", 40),
            ("{ ...A } fragment A on Query { ...A }", 40),
            ("{" + " viewer { id }" * 60 + "}", 400),
        ],
    )
    async def test_is_charged_for_what_is_refused_too(
        self, phone: Phone, monkeypatch: pytest.MonkeyPatch, query: str, most: int
    ) -> None:
        monkeypatch.setattr(settings().request_limits, "visitor_cost_per_minute", most)
        monkeypatch.setattr(budgets, "REFUSED_SECONDS", 0)
        # An address that no other test has.
        address = new_key()
        monkeypatch.setattr(budgets, "names_of", lambda asker: [(address, 1)])
        answers: list[str] = []
        while "RATE_LIMITED" not in answers and len(answers) <= most:
            answers.append((await phone.post(query)).json()["errors"][0]["extensions"]["code"])
        assert answers[0] != "RATE_LIMITED"
        assert answers[-1] == "RATE_LIMITED"

    async def test_of_a_visitor_may_be_less(self, member: Phone) -> None:
        query = "{ products(first: 100) { edges { node { " + "id title kind " * 9 + "} } } }"
        visitor = Phone(member.http)
        assert await refused(visitor, query) == ("COST_EXCEEDED", "This costs 2901; a request may cost 2500.")
        assert (await member.post(query)).json()["extensions"]["cost"] == {"requested": 2901, "limit": 20_000}


class TestCounting:
    @pytest.mark.parametrize("ways", [2, 10])
    async def test_fragments_within_fragments_are_counted_quickly(self, phone: Phone, ways: int) -> None:
        """Doubling at each of forty levels would be a million million fields."""
        levels = 40
        spread = [f"fragment F{n} on Query {{ {f'...F{n + 1} ' * ways} }}" for n in range(levels)]
        query = "{ ...F0 } " + " ".join(spread) + f" fragment F{levels} on Query {{ __typename }}"
        began = time.thread_time()
        assert (await refused(phone, query))[0] in {"COST_EXCEEDED", "BAD_REQUEST"}
        assert time.thread_time() - began < 2

    @pytest.mark.parametrize(
        "query",
        [
            "{ ...A } fragment A on Query { ...A }",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "{ viewer { ...A } } fragment A on User { membership { ...B } } fragment B on Membership { tier { ...B } }",
            "{ ...Nowhere }",
            "{ viewer { ...A } } fragment A on Query { viewer { id } }",
        ],
    )
    async def test_circles_are_refused(self, phone: Phone, query: str) -> None:
        assert (await refused(phone, query))[0] == "BAD_REQUEST"

    async def test_directives_are_counted_as_tokens(self, phone: Phone) -> None:
        query = "{ __typename " + "@skip(if: false) " * 500 + "}"
        response = await phone.post(query, Accept="application/graphql-response+json")
        assert response.status_code == 400
