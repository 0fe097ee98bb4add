"""Basis: all that a person's matches were computed from. While it is the same, so are they."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlalchemy import Select, func, literal, select

from domain.applications import burdens
from domain.credit.scoring import scorer
from domain.facts import accounts
from domain.facts.readings import FactsVersion
from domain.market.kinds import ProductKind
from domain.market.products import ShelfVersion
from domain.matching.matcher import matcher
from domain.matching.preferences import MatchPreference
from infra import clock
from infra.clock import local_day
from infra.database import Db
from infra.loaders import KEYS, loader
from infra.questions import Question
from infra.settings import settings

NAMESPACE = UUID("6f0c6c4e-0f0d-5a3b-8d0e-6c6f6e67616e")  # of our own making


@dataclass(frozen=True)
class Basis:
    user_id: UUID
    facts_version: int
    has_linked: bool
    shelf_version: int
    scorer_version: str
    matcher_version: str
    is_personal: bool
    burden: int
    day: date  # ages change with it

    @property
    def is_of_live_models(self) -> bool:
        return (self.scorer_version, self.matcher_version) == (scorer().model_version, matcher().model_version)

    def list_id(self, kind: ProductKind | None) -> UUID:
        """Names the list that a person sees: the same as long as it was computed from the same."""
        return uuid5(NAMESPACE, f"{self}/{kind}")


async def catch_up(db: Db) -> None:
    """Take over what was promoted just now."""
    await scorer().catch_up(db)
    await matcher().catch_up(db)


async def keep_up(db: Db) -> None:
    """Bring this process up to the models that are live, at most a heartbeat late."""
    await scorer().keep_up(db)
    await matcher().keep_up(db)


def _asked() -> Select[UUID, int, bool, int, bool, int, datetime]:
    """Put together once: every page of matches asks it."""
    owner = select(func.unnest(KEYS).label("id")).subquery("owner").c.id
    version = select(FactsVersion.version).where(FactsVersion.user_id == owner)
    preference = select(MatchPreference.is_personal).where(MatchPreference.user_id == owner)
    return select(
        owner,
        func.coalesce(version.scalar_subquery(), 0),
        accounts.has_linked(owner),
        select(ShelfVersion.version).scalar_subquery(),
        func.coalesce(preference.scalar_subquery(), True),
        burdens.monthly_of(owner, literal(settings().currency)).scalar_subquery(),
        clock.EXACTLY_NOW,
    )


@loader(Question(_asked))
async def of_users(
    db: Db | None, user_ids: set[UUID], now: datetime, rows: list[tuple[UUID, int, bool, int, bool, int, datetime]]
) -> dict[UUID, tuple[Basis, datetime]]:
    """The basis of each as it is now, and the time, in one round trip. What is read of it after is read as of that time.

    So nothing that its versions count is in the future of this transaction, which may have begun before it was written.
    """
    return {
        user_id: (
            Basis(
                user_id=user_id,
                facts_version=facts,
                has_linked=has_linked,
                shelf_version=shelf,
                scorer_version=scorer().model_version,
                matcher_version=matcher().model_version,
                is_personal=is_personal,
                burden=int(burden),
                day=local_day(moment),
            ),
            moment,
        )
        for user_id, facts, has_linked, shelf, is_personal, burden, moment in rows
    }


async def read(db: Db, user_id: UUID) -> tuple[Basis, datetime]:
    return (await of_users(db, {user_id}))[user_id]
