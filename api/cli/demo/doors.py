"""The doors as the demo's clients find them: documents in, one answer out."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

Data = dict[str, Any]
NAME = re.compile(r"^(?:query|mutation|subscription) (\w+)", re.MULTILINE)


class Unreachable(Exception):
    """Nobody answers there, or not as Longan does; the sentence says what to do."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"{why} at {address}. Start it in another terminal with: make run")


class RefusedAtDoor(Exception):
    """A refusal: what a person reads, and its code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@cache
def documents() -> dict[str, str]:
    """The documents of a file by the name of the operation; its paragraphs are documents, or comments."""
    paragraphs = Path(__file__).with_name("demo.graphql").read_text("utf-8").split("\n\n")
    return {found[1]: paragraph for paragraph in paragraphs if (found := NAME.search(paragraph))}


class DoorClient:
    """One endpoint, for one actor."""

    def __init__(self, http: httpx2.AsyncClient, path: str, token: str | None = None) -> None:
        self.http = http
        self.path = path
        self.token = token

    async def send(self, operation: str, **variables: Any) -> Any:
        """What the operation's one field answers. Raises `Refused`."""
        body = {"query": documents()[operation], "operationName": operation, "variables": variables}
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.http.post(self.path, json=body, headers=headers)
        return answered(answer.json())


def answered(told: Data) -> Any:
    for error in told.get("errors", ()):
        raise RefusedAtDoor(error.get("extensions", {}).get("code", "INTERNAL"), error["message"])
    (field,) = told["data"].values()
    if isinstance(field, dict) and field.get("__typename") == "Refused":
        raise RefusedAtDoor(field["code"], field["message"])
    return field
