"""A schema of everything that a schema can hold, well-behaved and not, over nothing but memory."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, cast

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions.field_extension import FieldExtension
from strawberry.permission import BasePermission

from api.graphql.connections import Connection, Edge, PageInfo
from api.graphql.context import Context, Info
from api.graphql.requiring import requires
from api.graphql.scalars import Money, MoneyInput
from api.graphql.schemas import Schema, make_schema
from api.graphql.showing import shows
from domain.actors import Actor, KnownActor
from domain.permissions import Permission
from infra.errors import Refusal, RefusalCode

PET: Any = strawberry.lazy("tests.api.graphql.query_plans.kinds")  # before the types that lead to each other


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Rank(Enum):
    FIRST = 1
    LAST = 2


strawberry.enum(Size)
strawberry.enum(Rank)


@dataclass
class CatEntity:
    name: str
    size: Any = Size.SMALL
    lives: Any = 9
    friends: list[int] = field(default_factory=list)


@dataclass
class DogEntity:
    name: str
    barks: Any = True
    weight: Any = 1.5
    friends: list[int] = field(default_factory=list)


PETS: dict[int, Any] = {
    1: CatEntity("Ash", friends=[2, 3]),
    2: DogEntity("Bo", friends=[1, 4]),
    3: CatEntity("Cleo", size=Size.LARGE, lives=None, friends=[4, 1]),
    4: DogEntity("Dan", barks=None, weight=None, friends=[2, 1]),
    5: CatEntity("Eve", size="small", lives="many", friends=[]),  # an enumeration by its value, and no number
    6: DogEntity("Flo", barks="yes", weight=float("nan"), friends=[6, 9]),
    7: "a pet of no type",  # and there is no 9
}


class Asking(Context):
    """Whoever asks, and which pets were loaded together for them."""

    def __init__(self) -> None:
        super().__init__(locale="en", ip="127.0.0.1", authenticate=_nobody)
        self.batches: list[list[int]] = []
        self.loader: DataLoader[int, Any] = DataLoader(load_fn=self.load_pets, cache=False)

    async def load_pets(self, keys: list[int]) -> list[Any]:
        self.batches.append(sorted(keys))
        return [PETS.get(key) for key in keys]


async def _nobody(token: str) -> KnownActor[Actor]:
    raise AssertionError("nobody shows a token")


async def pet(info: Info, key: int) -> Any:
    return await cast(Asking, info.context).loader.load(key)


@strawberry.interface
class Named:
    name: str

    @strawberry.field
    def shout(root: strawberry.Parent[Any]) -> str:
        return str(root.name).upper()


class Whisper(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        return next_(source, info, **arguments).lower()


class Allowed(BasePermission):
    def has_permission(self, source: Any, info: Any, **arguments: Any) -> bool:
        return True


class Denied(BasePermission):
    message = "Not for you."

    async def has_permission(self, source: Any, info: Any, **arguments: Any) -> bool:
        return False


@shows(CatEntity)
class Cat(Named):
    size: Size
    lives: int | None

    @strawberry.field(extensions=[Whisper()])  # type: ignore[untyped-decorator]
    def whisper(root: strawberry.Parent[CatEntity]) -> str:
        return root.name

    @strawberry.field
    async def friends(root: strawberry.Parent[CatEntity], info: Info) -> list[Annotated["Pet", PET]]:
        return [await pet(info, each) for each in root.friends]

    @strawberry.field
    async def best(root: strawberry.Parent[CatEntity], info: Info) -> Named | None:
        return cast(Named, await pet(info, root.friends[0])) if root.friends else None


@shows(DogEntity)
class Dog(Named):
    barks: bool | None
    weight: float | None

    @strawberry.field
    async def best(info: Info, root: strawberry.Parent[DogEntity]) -> Annotated["Pet", PET] | None:
        return await pet(info, root.friends[0])  # type: ignore[no-any-return]

    @strawberry.field
    async def last(root: strawberry.Parent[DogEntity], info: Info) -> Annotated["Pet", PET]:
        return await pet(info, root.friends[-1])  # type: ignore[no-any-return]


Pet = Annotated[Cat | Dog, strawberry.union("Pet")]


@strawberry.input
class Wish:
    words: list[str]
    size: Size = Size.SMALL
    price: MoneyInput | None = None
    how_many: strawberry.Maybe[int | None] = None


@strawberry.type
class Fine:
    date: date
    time: datetime
    number: Decimal
    rank: Rank
    matrix: list[list[int | None] | None]
    pets: list[Named | None]

    @strawberry.field
    def selected(self, info: Info) -> list[str]:
        return [each.name for each in info.selected_fields]  # type: ignore[union-attr]

    @strawberry.field
    def asked(self, info: Info) -> str:
        return (
            f"{info.field_name} {info.python_name} {info.return_type} {sorted(info.variable_values)} {bool(info.query)}"
        )

    @strawberry.field
    def counted(self) -> list[int]:
        return cast(list[int], _count(3))

    @strawberry.field
    def together(self) -> list[str]:
        return cast(list[str], ("a", "b"))

    @strawberry.field(permission_classes=[Allowed])  # type: ignore[untyped-decorator]
    def allowed(self) -> str:
        return "yes"

    @strawberry.field
    def twice(root: strawberry.Parent[Any], times: int = 2) -> list["Fine"]:
        return [root] * min(times, 3)


@strawberry.type
class Broken:
    """What goes wrong, and what a plan leaves to graphql-core."""

    must: str
    sometimes: list[str]
    pets: list[Named]

    @strawberry.field
    def path(self, info: Info) -> str:
        return ".".join(str(step) for step in info.path.as_list())

    @strawberry.field
    def refused(self) -> str | None:
        raise Refusal(RefusalCode.NOT_FOUND, "There is none.")

    @requires(Permission.SIGNED_IN)
    @strawberry.field
    def mine(self) -> str | None:
        return "mine"

    @strawberry.field
    async def fails(self) -> str:
        raise RuntimeError("broken")

    @strawberry.field
    def error(self) -> str | None:
        return cast(str, ValueError("an error as a value"))

    @strawberry.field
    def promise(self) -> str:
        return cast(str, _soon("kept"))

    @strawberry.field
    def promised(self) -> list[str]:
        return cast(list[str], [_soon("one"), "two"])

    @strawberry.field
    async def streamed(self) -> list[int]:
        return cast(list[int], _stream(3))

    @strawberry.field
    def none_of_it(self) -> list[str]:
        return cast(list[str], 5)

    @strawberry.field(permission_classes=[Denied])  # type: ignore[untyped-decorator]
    async def denied(self) -> str | None:
        return "never"

    @strawberry.field
    def inner(root: strawberry.Parent[Any]) -> "Broken | None":
        return cast(Broken, root)

    @strawberry.field
    def surely(root: strawberry.Parent[Any]) -> "Broken":
        return cast(Broken, root)


async def _soon(word: str) -> str:
    return word


def _count(most: int) -> Iterator[int]:
    yield from range(most)


async def _stream(most: int) -> AsyncIterator[int]:
    for each in range(most):
        yield each


def _fine() -> Fine:
    return Fine(
        date=date(2000, 2, 3),
        time=datetime(2026, 11, 28, 8, 0, 0, 5, UTC),
        number=Decimal("12.50"),
        rank=Rank.LAST,
        matrix=[[1, None, 3], None, []],
        pets=[PETS[1], None, PETS[2]],
    )


def _broken() -> Broken:
    return Broken(must=cast(str, None), sometimes=["a", cast(str, None), "c"], pets=[PETS[1], PETS[7]])


@strawberry.type
class Query:
    @requires(Permission.PUBLIC)
    @strawberry.field
    def fine(self) -> Fine | None:
        return _fine()

    @requires(Permission.PUBLIC)
    @strawberry.field
    async def fines(self) -> list[Fine | None]:
        return [_fine(), None, _fine()]

    @requires(Permission.PUBLIC)
    @strawberry.field
    def broken(self) -> list[Broken | None] | None:
        return [_broken(), None, _broken()]

    @strawberry.field
    async def pet(self, info: Info, key: int = 1) -> Pet | None:
        return await pet(info, key)  # type: ignore[no-any-return]

    @strawberry.field
    async def named(self, info: Info, keys: list[int]) -> list[Named | None] | None:
        return [await pet(info, key) for key in keys]

    @strawberry.field
    def cats(self) -> list[Cat] | None:
        return cast(list[Cat], [PETS[1], PETS[3]])

    @strawberry.field
    def dogs(self) -> Connection[Dog] | None:
        edges = [Edge(cursor=str(key), node=cast(Dog, PETS[key])) for key in (2, 4)]
        page = PageInfo(has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor="6")
        return Connection(edges=edges, page_info=page)

    @strawberry.field
    async def echo(self, text: str = "x", wish: Wish | None = None, ranks: list[Rank] | None = None) -> str:
        return f"{text} {wish} {ranks}"

    @strawberry.field
    def price(self, of: MoneyInput) -> Money:
        money = of.to_money("of")
        return Money.of(money.minor, money.currency)


@strawberry.type
class Mutation:
    @requires(Permission.PUBLIC)
    @strawberry.mutation
    def do(self) -> str | None:
        return "done"


@cache
def schema() -> Schema:
    return make_schema(Query, Mutation, types=(Cat, Dog))
