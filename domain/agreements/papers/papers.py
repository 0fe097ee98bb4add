"""Paper: what a person can have in writing of an agreement, and what was issued, sealed for them as it was."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, SmallInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.agreements.agreements import AgreementStatus
from domain.agreements.papers.booked import Booked
from domain.agreements.standings import AgreementStanding
from infra import clock
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_

BODY = "issued_papers.body"


class PaperKind(StrEnum):
    SIGNED_CONTRACT = "SIGNED_CONTRACT"
    YEARLY_STATEMENT = "YEARLY_STATEMENT"
    PROOF_OF_SETTLEMENT = "PROOF_OF_SETTLEMENT"


Kind = PaperKind
TITLES = {
    Kind.SIGNED_CONTRACT: N_("Signed contract"),
    Kind.YEARLY_STATEMENT: N_("Statement of the year {year}"),
    Kind.PROOF_OF_SETTLEMENT: N_("Proof of settlement"),
}
NAME = re.compile(r"([a-z-]{1,30}?)(?:-([0-9]{4}))?")


@dataclass(frozen=True)
class PaperName:
    """Which paper of an agreement; `year` of a yearly statement alone."""

    kind: PaperKind
    year: int | None = None

    @property
    def text(self) -> str:
        """The word of this paper in addresses: `signed-contract`, `yearly-statement-2026`."""
        word = self.kind.lower().replace("_", "-")
        return f"{word}-{self.year}" if self.year else word

    @classmethod
    def parse(cls, text: str) -> "PaperName | None":
        found = NAME.fullmatch(text)
        kind = Kind.__members__.get(found[1].upper().replace("-", "_")) if found else None
        return cls(kind, int(found[2]) if found[2] else None) if found and kind else None


@raises(Raised.OWNERS)
class IssuedPaper(Entity):
    """The page as it was issued, sealed, and the hash of its bytes: who asks again gets the same."""

    __tablename__ = "issued_papers"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    kind: Mapped[PaperKind]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    locale: Mapped[str]
    sha256: Mapped[str]
    body_sealed: Mapped[bytes]
    issued_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "uq_issued_papers_name",
            "user_id",
            "agreement_id",
            "kind",
            "year",
            "locale",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )


@dataclass(frozen=True)
class Issuance:
    """A paper that was issued in one language: when, and the hash of its bytes."""

    name: PaperName
    locale: str
    sha256: str
    issued_at: datetime


def available(standing: AgreementStanding) -> Iterator[PaperName]:
    """What can be had of an agreement today: a year once it is over, and that it is settled once nothing is owed."""
    yield PaperName(Kind.SIGNED_CONTRACT)
    this_year, signed = standing.on.year, clock.local_day(standing.agreement.signed_at).year
    for year in range(signed, this_year):
        if Booked.in_year(standing, year).is_told:
            yield PaperName(Kind.YEARLY_STATEMENT, year)
    if standing.agreement.status is AgreementStatus.SETTLED and not standing.outstanding:
        yield PaperName(Kind.PROOF_OF_SETTLEMENT)


_ISSUED = Question(
    lambda: (
        select(
            IssuedPaper.user_id,
            IssuedPaper.agreement_id,
            IssuedPaper.kind,
            IssuedPaper.year,
            IssuedPaper.locale,
            IssuedPaper.sha256,
            IssuedPaper.issued_at,
        )
        .where(is_any_pair(IssuedPaper.user_id, IssuedPaper.agreement_id))
        .order_by(IssuedPaper.id)
    )
)


@loader(_ISSUED)
async def of_agreements(
    db: Db | None,
    keys: set[tuple[UUID, UUID]],
    now: datetime,
    rows: list[tuple[UUID, UUID, PaperKind, int | None, str, str, datetime]],
) -> dict[tuple[UUID, UUID], list[Issuance]]:
    """What was issued of many, by (user, agreement), the oldest first."""
    found: dict[tuple[UUID, UUID], list[Issuance]] = {}
    for user_id, agreement_id, kind, year, locale, sha256, issued_at in rows:
        issued = Issuance(PaperName(kind, year), locale, sha256, issued_at)
        found.setdefault((user_id, agreement_id), []).append(issued)
    return found
