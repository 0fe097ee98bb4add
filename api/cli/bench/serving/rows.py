"""What is measured: each row with its requests, what must have happened before, and its goals."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from uuid import uuid4

from graphql import OperationDefinitionNode, parse, print_ast

from api.cli.bench.serving import changes, crowds
from api.cli.bench.serving.crowds import Crowd, CrowdPerson
from api.cli.bench.serving.load import request
from domain.market import catalogue
from infra.ids import global_id

AMOUNT = {"amount": "1000.00", "currency": "CNY"}


@dataclass(frozen=True)
class Goals:
    """What is to be reached: at least this share of the limit's and of the peer's requests a second; at most so many milliseconds."""

    of_limit: float | None = None
    of_peer: float | None = None
    cpu_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True)
class BenchRow:
    """`requests` of a turn: sent again and again for the length of a window, or, with `once`, each once."""

    name: str
    short: str
    title: str
    requests: Callable[[int], Sequence[bytes]]
    contains: bytes
    goals: Goals = Goals()
    peer: Sequence[bytes] = ()
    once: bool = False
    at_once: int = 16
    before: Callable[[], Awaitable[None]] | None = None


@dataclass
class Asking:
    """Every row of a run over these people."""

    crowd: Crowd
    per_turn: int  # applications
    documents: dict[str, str] = field(default_factory=lambda: documents())

    def rows(self) -> list[BenchRow]:
        return [*self._homes(), self._token(), self._products(), self._applying(), self._feed(), self._queue()]

    def _homes(self) -> list[BenchRow]:
        readers = self.crowd.readers
        few = readers[: max(len(readers) // 3, 1)]
        home, ids = [self._home(person) for person in readers], [person.id for person in readers]
        again = [self._peer("Home", person=number + 1) for number in range(len(readers))]
        shows = b'"matches":{"edges":[{'
        return [
            BenchRow(
                "home",
                "Home again",
                "Home, nothing changed",
                lambda _: home,
                shows,
                Goals(of_limit=0.35, of_peer=3.0),
                again,
            ),
            BenchRow(
                "homeAfterChange",
                "Home after a change",
                "Home, first read after a benefit used or a link changed",
                lambda _: home,
                shows,
                Goals(of_peer=0.5),
                again,
                once=True,
                before=partial(changes.beside_the_ranking, ids),
            ),
            BenchRow(
                "homeAfterScore",
                "Home after a score",
                "Home, first read after a new score",
                lambda _: home[: len(few)],
                shows,
                Goals(of_peer=0.3, cpu_ms=10.0),
                again,
                once=True,
                before=partial(changes.scored_anew, ids[: len(few)]),
            ),
        ]

    def _token(self) -> BenchRow:
        asked = [self._app({"query": "{ __typename }"}, person) for person in self.crowd.readers]
        return BenchRow(
            "token", "A token", "A token checked and nothing else", lambda _: asked, b'"Query"', Goals(of_limit=0.5)
        )

    def _products(self) -> BenchRow:
        asked = [self._app(self._body("Products", {}), address=number) for number in range(len(self.crowd.readers))]
        return BenchRow(
            "products",
            "Products",
            "A page of products, signed out",
            lambda _: asked,
            b'"edges":[{',
            Goals(of_peer=0.5),
            [self._peer("Products")],
        )

    def _applying(self) -> BenchRow:
        def requests(turn: int) -> list[bytes]:
            chosen = self.crowd.applicants[turn * self.per_turn : (turn + 1) * self.per_turn]
            return [self._apply(person) for person in chosen]

        return BenchRow(
            "apply",
            "Apply",
            "`apply` to decision, 8 clients",
            requests,
            b'"decidedAt"',
            Goals(p99_ms=50.0),
            once=True,
            at_once=8,
        )

    def _feed(self) -> BenchRow:
        asked = [_signed("/partner/graphql", self._body("Applications", {}), self.crowd.partner_token)]
        peer = [self._peer("Applications", partner="UGFydG5lcjo1")]
        return BenchRow(
            "feed", "Feed", "The partner's feed, 50 a page", lambda _: asked, b'"edges":[{', Goals(of_peer=0.5), peer
        )

    def _queue(self) -> BenchRow:
        asked = [_signed("/console/graphql", self._body("ReviewQueue", {}), self.crowd.staff_token)]
        peer = [self._peer("ReviewQueue")]
        return BenchRow(
            "queue", "Queue", "The review queue, 20 a page", lambda _: asked, b'"edges":[{', Goals(of_peer=0.5), peer
        )

    def _home(self, person: CrowdPerson) -> bytes:
        return self._app(self._body("Home", {}), person)

    def _apply(self, person: CrowdPerson) -> bytes:
        product = global_id("Product", catalogue.product_id(crowds.PARTNER, crowds.SKU))
        wish = {
            "productId": product,
            "amount": AMOUNT,
            "termMonths": 6,
            "share": ["SCORE_CHECK"],
            "idempotencyKey": uuid4().hex,
        }
        return self._app(self._body("Apply", {"input": wish}), person)

    def _app(self, body: dict[str, object], person: CrowdPerson | None = None, address: int = 0) -> bytes:
        number = self._numbers[person.id] if person else address
        from_far = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        return _signed("/graphql", body, person.token if person else None, from_far)

    def _peer(self, operation: str, person: int = 1, partner: str | None = None) -> bytes:
        return request("/graphql", self._body(operation, {}), {"x-uid": partner or str(person)})

    def _body(self, operation: str, variables: dict[str, object]) -> dict[str, object]:
        return {"query": self.documents[operation], "operationName": operation, "variables": variables}

    def __post_init__(self) -> None:
        everybody = (*self.crowd.readers, *self.crowd.applicants)
        self._numbers = {person.id: number for number, person in enumerate(everybody)}


def _signed(path: str, body: object, token: str | None, more: dict[str, str] | None = None) -> bytes:
    signed = {"Authorization": f"Bearer {token}"} if token else {}
    return request(path, body, {"Accept-Language": "en"} | signed | (more or {}))


def documents() -> dict[str, str]:
    """The documents that are sent, by the name of their operation."""
    parsed = parse((files(__package__) / "asked.graphql").read_text())
    found = (each for each in parsed.definitions if isinstance(each, OperationDefinitionNode) and each.name)
    return {each.name.value: print_ast(each) for each in found if each.name}
