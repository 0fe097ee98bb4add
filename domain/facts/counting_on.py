"""CountingOn: what of an account that was unlinked counts on, until when, and how many points it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

# A reading of what counts on is filed apart from what its provider tells of an account in force.
PREFIX = "unlinked:"
MARK = "unlinked"
INCOME = "income.monthly_inflow"


@dataclass(frozen=True)
class CountingOn:
    """`facts` count on. `hidden` are known no longer: only their names stay, and the `points` that hiding them would win."""

    account_id: UUID
    provider: str
    until: datetime
    points: int
    facts: tuple[str, ...]
    hidden: tuple[str, ...]

    @property
    def matters(self) -> bool:
        """Hiding an income matters without points too: the rules would take what the person says of it instead."""
        return bool(self.points or self.facts or self.hides_income)

    @property
    def hides_income(self) -> bool:
        return INCOME in self.hidden

    @property
    def mark(self) -> list[Any]:
        """The first row of its reading."""
        told = {
            "account": str(self.account_id),
            "provider": self.provider,
            "until": self.until.isoformat(),
            "points": self.points,
            "hidden": list(self.hidden),
        }
        return [MARK, told, None]

    @classmethod
    def read(cls, rows: Sequence[Sequence[Any]]) -> Self | None:
        """From the rows of a reading; None of one that an account in force told."""
        if not rows or rows[0][0] != MARK:
            return None
        told = rows[0][1]
        return cls(
            account_id=UUID(told["account"]),
            provider=told["provider"],
            until=datetime.fromisoformat(told["until"]),
            points=told["points"],
            facts=tuple(row[0] for row in rows[1:]),
            hidden=tuple(told["hidden"]),
        )


def source_of(account_id: UUID) -> str:
    return f"{PREFIX}{account_id}"
