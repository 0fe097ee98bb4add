"""Odds bands that keep their word: what was decided in each, and what a person is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from domain.credit.reasons import ReasonValue
from domain.matching.matcher import Matcher, OddsBand, Tested
from domain.matching.odds.reliability import BandStanding
from infra.clock import local_day
from infra.database import Db
from infra.entity import Entity
from infra.lifecycle import without_graph
from infra.reference import Reference
from infra.revisions import Raised, raises
from infra.words import N_


@raises(Raised.EVERYBODYS)
class BandRecord(Entity):
    """What was decided on applications that followed from a match in this band of this model.

    While the band is withdrawn, these are the figures that it was withdrawn for. When it is back, what was decided before
    `since` no longer counts.
    """

    __tablename__ = "band_records"

    model_version: Mapped[str] = mapped_column(primary_key=True)
    odds_band: Mapped[OddsBand] = mapped_column(primary_key=True)
    approved: Mapped[int]
    decided: Mapped[int]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    standing: Mapped[BandStanding] = mapped_column(
        info=without_graph("Measured anew every hour, from what was decided; any may follow any.")
    )
    changed_at: Mapped[datetime]  # when the standing changed last


class BandBasis(StrEnum):
    """OBSERVED: decided on people who saw this band. TESTED: in a test that the model had not seen."""

    OBSERVED = "OBSERVED"
    TESTED = "TESTED"
    NONE = "NONE"


@dataclass(frozen=True)
class BandEvidence:
    """`is_kept`: the band may be told. `message` is a msgid, which `values` fill."""

    basis: BandBasis
    standing: BandStanding
    is_kept: bool
    message: str
    approved: int = 0
    decided: int = 0
    since: datetime | None = None
    until: datetime | None = None
    is_simulated: bool = False
    values: Mapping[str, ReasonValue] = field(default_factory=dict)

    @property
    def approval_rate(self) -> float | None:
        return self.approved / self.decided if self.decided else None


NO_EVIDENCE = BandEvidence(
    BandBasis.NONE, BandStanding.GATHERING, is_kept=False, message=N_("There is no evidence for these odds yet.")
)
NO_ODDS = BandEvidence(
    BandBasis.NONE,
    BandStanding.GATHERING,
    is_kept=False,
    message=N_("No odds are shown here."),
)

OBSERVED_SAID = MappingProxyType(
    {
        True: N_("Of {decided} applications with these odds, {percent} % were approved ({since} to {until})."),
        False: N_(
            "Withdrawn: of {decided} applications with these odds, {percent} % were approved ({since} to {until}), "
            "which is not what they promised."
        ),
    }
)
# By whether the people were simulated, and whether the test confirmed the band.
TESTED_SAID = MappingProxyType(
    {
        (False, True): N_(
            "Too few were decided yet. In a test, {percent} % of {decided} earlier applications with these odds were approved."
        ),
        (False, False): N_(
            "Too few were decided yet, and a test on {decided} earlier applications with these odds did not confirm them: "
            "{percent} % were approved."
        ),
        (True, True): N_(
            "Measured on simulated people, not on real ones: of {decided} applications with these odds, {percent} % were "
            "approved."
        ),
        (True, False): N_(
            "Measured on simulated people, not on real ones, these odds did not hold: of {decided} applications, {percent} % "
            "were approved."
        ),
    }
)


_EVIDENCE: Reference[dict[OddsBand, BandEvidence]] = Reference()


async def evidence_of(db: Db, matcher: Matcher) -> dict[OddsBand, BandEvidence]:
    """What stands behind each band of the live model: what was observed if that is enough, else its test, else nothing."""
    return await _EVIDENCE.current(db, lambda db: _evidence_of(db, matcher), also=(matcher.model_version, matcher))


async def _evidence_of(db: Db, matcher: Matcher) -> dict[OddsBand, BandEvidence]:
    records = {record.odds_band: record for record in await of_model(db, matcher.model_version)}
    tested = matcher.tested
    return {band: _evidence(records.get(band), tested.get(band), matcher.is_simulated) for band in OddsBand}


async def of_model(db: Db, model_version: str) -> list[BandRecord]:
    mine = select(BandRecord).where(BandRecord.model_version == model_version)
    return list((await db.execute(mine)).scalars())


def _evidence(record: BandRecord | None, tested: Tested | None, is_simulated: bool) -> BandEvidence:
    if record is not None and record.standing != BandStanding.GATHERING:
        return _observed(record)
    return _tested(tested, is_simulated) if tested is not None and tested.decided else NO_EVIDENCE


def _observed(record: BandRecord) -> BandEvidence:
    is_kept = record.standing == BandStanding.KEPT
    values = _figures(record.approved, record.decided) | {"since": _day(record.since), "until": _day(record.until)}
    return BandEvidence(
        BandBasis.OBSERVED,
        record.standing,
        is_kept,
        OBSERVED_SAID[is_kept],
        approved=record.approved,
        decided=record.decided,
        since=record.since,
        until=record.until,
        values=values,
    )


def _tested(tested: Tested, is_simulated: bool) -> BandEvidence:
    return BandEvidence(
        BandBasis.TESTED,
        BandStanding.GATHERING,
        tested.is_kept,
        TESTED_SAID[is_simulated, tested.is_kept],
        approved=tested.approved,
        decided=tested.decided,
        since=tested.since,
        until=tested.until,
        is_simulated=is_simulated,
        values=_figures(tested.approved, tested.decided),
    )


def _figures(approved: int, decided: int) -> dict[str, ReasonValue]:
    return {"decided": f"{decided:,}", "percent": f"{100 * approved / decided:.0f}"}


def _day(moment: datetime | None) -> str:
    assert moment is not None, "what was decided was decided at some time"
    return local_day(moment).isoformat()
