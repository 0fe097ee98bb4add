"""Looking: every hour each odds band is held against what was really decided; one that breaks its word is withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, and_, case, func, or_, select

from domain.applications.decisions import IS_FINAL, Decision, DecisionOutcome
from domain.matching.impressions import Impression
from domain.matching.matcher import OddsBand, matcher
from domain.matching.odds import bands, reliability
from domain.matching.odds.bands import BandRecord
from domain.matching.odds.reliability import PROMISES, BandStanding, Tally
from domain.people import invented
from infra import clock, outbox
from infra.database import Db
from infra.events import declare
from infra.settings import settings

WINDOW = timedelta(days=180)
WITHDRAWN = declare("band.withdrawn", model_version=str, odds_band=str)
RESTORED = declare("band.restored", model_version=str, odds_band=str)

log = structlog.get_logger()


@dataclass(frozen=True)
class Seen:
    tally: Tally
    since: datetime | None
    until: datetime | None


NOTHING = Seen(Tally(0, 0), None, None)


async def observe(db: Db) -> None:
    """Look once at every band of the live model."""
    await matcher().catch_up(db)
    version, now = matcher().model_version, await clock.now(db)
    known = {record.odds_band: record for record in await bands.of_model(db, version)}
    seen = await _decided(db, version, now - WINDOW)
    for band in OddsBand:
        record = known.get(band) or _new(db, version, band, now)
        await _look(db, record, seen.get(band, NOTHING))


def _new(db: Db, version: str, band: OddsBand, now: datetime) -> BandRecord:
    record = BandRecord(
        model_version=version,
        odds_band=band,
        approved=0,
        decided=0,
        since=None,
        until=None,
        standing=BandStanding.GATHERING,
        changed_at=now,
    )
    db.add(record)
    return record


async def _look(db: Db, record: BandRecord, seen: Seen) -> None:
    before, promise = record.standing, PROMISES[record.odds_band]
    after = reliability.standing(
        before,
        promise,
        seen.tally,
        decided_min=settings().band_decided_min,
        broken_by=Tally(record.approved, record.decided),
    )
    if after == before == BandStanding.WITHDRAWN:
        return
    record.approved, record.decided = seen.tally.approved, seen.tally.decided
    record.since, record.until = seen.since, seen.until
    if after != before:
        record.standing, record.changed_at = after, await clock.now(db)
    if BandStanding.WITHDRAWN in (before, after) and after != before:
        await _announce(db, record, WITHDRAWN if after == BandStanding.WITHDRAWN else RESTORED)


async def _announce(db: Db, record: BandRecord, event: str) -> None:
    await outbox.announce(db, event, model_version=record.model_version, odds_band=record.odds_band.value)
    share = round(record.approved / record.decided, 4)
    log.warning(event, version=record.model_version, name=record.odds_band.value, share=share, count=record.decided)


async def _decided(db: Db, version: str, since: datetime) -> Mapping[OddsBand, Seen]:
    rows = (await db.execute(decided(version, since))).all()
    return {band: Seen(Tally(approved, count), first, last) for band, approved, count, first, last in rows if band}


def decided(version: str, since: datetime) -> Select[OddsBand | None, int, int, datetime, datetime]:
    """How many were approved and decided in each band, from when to when."""
    counts = case(
        (BandRecord.standing == BandStanding.WITHDRAWN, Decision.decided_at > BandRecord.changed_at),
        else_=or_(BandRecord.since.is_(None), Decision.decided_at >= BandRecord.since),
    )
    same_application = and_(
        Decision.user_id == Impression.user_id, Decision.application_id == Impression.application_id
    )
    same_band = and_(BandRecord.model_version == Impression.model_version, BandRecord.odds_band == Impression.odds_band)
    return (
        select(
            Impression.odds_band,
            func.count().filter(Decision.outcome == DecisionOutcome.APPROVE),
            func.count(),
            func.min(Decision.decided_at),
            func.max(Decision.decided_at),
        )
        .join(Decision, same_application)
        .join(BandRecord, same_band, isouter=True)
        .where(
            Impression.model_version == version,
            Impression.odds_band.is_not(None),
            Impression.application_id.is_not(None),
            invented.is_real(Impression.user_id),
        )
        .where(IS_FINAL, Decision.decided_at >= since, counts)
        .group_by(Impression.odds_band)
    )
