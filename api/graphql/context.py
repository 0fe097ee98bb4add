"""Who asks, in which language, and what one operation may load."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from strawberry.dataloader import DataLoader
from strawberry.types import Info as StrawberryInfo

from api.graphql.admitted import Admitted
from api.graphql.errors import PublicError, Unauthenticated
from domain.actors import Actor, KnownActor, PartnerActor, StaffActor, UserActor
from infra import lasting
from infra.database import Db, reading
from infra.loaders import Loader, Tick
from infra.networks import shares_of
from infra.words import Locale

K = TypeVar("K", bound=Hashable)
# Answers entities by key; the GraphQL types that show them are other classes, so what is found has no one static type.
Batch = Callable[[Db, set[K]], Awaitable[Mapping[K, Any]]]


@dataclass(frozen=True)
class Began:
    """When an operation began, and everybody's revision then."""

    at: datetime
    revision: int | None


# Answers who is behind a bearer token; raises Unauthenticated where nobody is any more.
Authenticate = Callable[[str], Awaitable[KnownActor[Actor]]]


@dataclass
class Context:
    """One for each operation, so that whoever asks is looked up each time."""

    locale: Locale
    ip: str
    authenticate: Authenticate
    token: str | None = None
    actor: Actor | None = None
    turned_away: PublicError | None = None  # why the token that was shown is nobody's
    admitted: Admitted | None = None
    began: Began | None = None
    tick: Tick | None = None  # of a query whose beginning is known
    _loaders: dict[Callable[..., Any], DataLoader[Any, Any]] = field(default_factory=dict)

    def begin_query(self) -> tuple[int | None] | None:
        """From now on what is loaded at the same time is one statement. Answers everybody's revision, if it is known."""
        if self.began is None:
            return None
        self.tick = Tick(self.began.at)
        return (self.began.revision,)

    async def sign_in(self, token: str | None) -> None:
        """Learn who asks. Raises Unauthenticated or SessionEnded where a token is shown that is nobody's; then nobody asks."""
        self.token, self.actor = token, None
        if token is not None:
            found = await self.authenticate(token)
            self.actor, self.began = found.actor, Began(found.at, found.everybodys)

    def for_operation(self) -> "Context":
        """A context like this one in which nobody has signed in."""
        return Context(locale=self.locale, ip=self.ip, authenticate=self.authenticate)

    @property
    def networks(self) -> tuple[tuple[str, int], ...]:
        """What counts as one visitor, and its wider networks, each with how many times as much it may do."""
        lasting.doubt("address")
        return shares_of(self.ip)

    @property
    def user(self) -> UserActor:
        if not isinstance(self.actor, UserActor):
            raise Unauthenticated
        return self.actor

    @property
    def partner(self) -> PartnerActor:
        if not isinstance(self.actor, PartnerActor):
            raise Unauthenticated
        return self.actor

    @property
    def staff(self) -> StaffActor:
        if not isinstance(self.actor, StaffActor):
            raise Unauthenticated
        return self.actor

    def load(self, batch: Batch[K], key: K) -> Any:
        """A future of what `batch` answers for `key`; all keys that are asked for at the same time share one call and one `db`.

        A field that shows just this may return it as it is, which spares it a task of its own. Nothing is remembered after
        that call, so an operation on a long-lived socket never reads what was true before.
        """
        if self.tick is not None and isinstance(batch, Loader):
            return self.tick.load(batch, cast(UUID, key))
        if batch not in self._loaders:
            self._loaders[batch] = DataLoader(load_fn=_in_one_read(batch), cache=False)
        return self._loaders[batch].load(key)


def bearer(header: object) -> str | None:
    """The token of an Authorization header; None where there is no header."""
    if header is None:
        return None
    scheme, _, token = str(header).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(header)


Info = StrawberryInfo[Context, None]


def _in_one_read(batch: Batch[K]) -> Callable[[list[K]], Awaitable[list[Any]]]:
    async def load(keys: list[K]) -> list[Any]:
        async with reading() as db:
            found = await batch(db, set(keys))
        return [found.get(key) for key in keys]

    return load
