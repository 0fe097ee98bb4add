"""The closed doors as a client finds them, and the contract's documents to hand in there."""

from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, print_ast

from api.contract import served

CONTRACT = Path(__file__).parent.parent / "contract"


@cache
def operations(audience: str) -> dict[str, str]:
    """What existing clients send, word for word, by operation name."""
    nodes = parse((CONTRACT / f"{audience}.graphql").read_text("utf-8")).definitions
    return {n.name.value: print_ast(n) for n in nodes if isinstance(n, OperationDefinitionNode) and n.name}


@cache
def served_schemas() -> dict[str, GraphQLSchema]:
    """What clients see, by audience."""
    return {file.stem: build_schema(text) for file, text in served()}


class Client:
    """One audience's client, with or without a token."""

    def __init__(self, http: httpx2.AsyncClient, audience: str, token: str | None) -> None:
        self.http = http
        self.audience = audience
        self.headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def post(self, query: str, **variables: Any) -> httpx2.Response:
        body = {"query": query, "variables": variables}
        return await self.http.post(f"/{self.audience}/graphql", json=body, headers=self.headers)

    async def send(self, operation: str, **variables: Any) -> Any:
        """The data that the contract's document brings; no errors are expected."""
        answer = (await self.post(operations(self.audience)[operation], **variables)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def ask(self, query: str, **variables: Any) -> Any:
        answer = (await self.post(query, **variables)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error_code(self, query: str, **variables: Any) -> tuple[int, str]:
        """The status and the code of the one error that is expected."""
        response = await self.post(query, **variables)
        (error,) = response.json()["errors"]
        return response.status_code, error["extensions"]["code"]


async def step(client: Client, operation: str, **input: Any) -> Any:
    """What a mutation answers to this input."""
    (answer,) = (await client.send(operation, input=input)).values()
    return answer
