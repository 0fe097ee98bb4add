"""Odds bands against what was decided: counted once, withdrawn, restored, and told in words that are true."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from domain.applications.decisions import Decision, DecisionOutcome
from domain.matching import matcher
from domain.matching.impressions import Impression
from domain.matching.matcher import Matcher, OddsBand
from domain.matching.odds import bands, looking
from domain.matching.odds.bands import NO_EVIDENCE, BandBasis, BandRecord
from domain.matching.odds.reliability import BandStanding
from infra import clock
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event
from infra.words import say

HIGH, LOW = OddsBand.HIGH, OddsBand.LOW


@dataclass
class Ranker:
    """A matcher that only says what it is called and how it was tested."""

    model_version: str = field(default_factory=lambda: f"test-{new_id()}")
    is_simulated: bool = False
    tested: Mapping[OddsBand, matcher.Tested] = field(default_factory=dict)

    async def catch_up(self, db: Db) -> None:
        pass


@pytest.fixture
def ranker(monkeypatch: pytest.MonkeyPatch) -> Ranker:
    ranker = Ranker()
    monkeypatch.setattr(looking, "matcher", lambda: ranker)
    return ranker


async def decide(
    db: Db,
    version: str,
    band: OddsBand | None,
    *,
    approved: int,
    of: int,
    days_ago: float = 0.0,
    referred: bool = False,
) -> None:
    """Applications that followed from matches in this band."""
    at = await clock.now(db) - timedelta(days=days_ago)
    ids = [(new_id(), new_id()) for _ in range(of)]
    no = DecisionOutcome.REFER if referred else DecisionOutcome.DECLINE
    shown = [_impression(user_id, application_id, version, band, at) for user_id, application_id in ids]
    made = [
        _decision(user_id, application_id, DecisionOutcome.APPROVE if place < approved else no, at)
        for place, (user_id, application_id) in enumerate(ids)
    ]
    await db.execute(insert(Impression), shown)
    await db.execute(insert(Decision), made)


def _impression(
    user_id: UUID, application_id: UUID, version: str, band: OddsBand | None, at: datetime
) -> dict[str, object]:
    return {
        "user_id": user_id,
        "id": new_id(),
        "list_id": new_id(),
        "product_id": new_id(),
        "position": 0,
        "propensity": 1.0,
        "is_explored": False,
        "is_personal": True,
        "model_version": version,
        "odds": 0.7,
        "odds_band": band,
        "value": 1.0,
        "shown_at": at,
        "application_id": application_id,
    }


def _decision(user_id: UUID, application_id: UUID, outcome: DecisionOutcome, at: datetime) -> dict[str, object]:
    return {
        "user_id": user_id,
        "id": new_id(),
        "application_id": application_id,
        "outcome": outcome,
        "decided_at": at,
        "decided_by": "rules",
        "reasons_told": [],
        "rule_version": "1",
    }


async def record(db: Db, ranker: Ranker, band: OddsBand = HIGH) -> BandRecord:
    return await db.get_one(BandRecord, (ranker.model_version, band))


async def told(db: Db, ranker: Ranker) -> list[str]:
    """What was announced of this model's bands."""
    mine = select(Event.name).where(
        Event.name.startswith("band."), Event.data["model_version"].astext == ranker.model_version
    )
    return list((await db.execute(mine.order_by(Event.id))).scalars())


async def an_hour_later(db: Db, hours: int = 1) -> None:
    await clock.advance(db, timedelta(hours=hours))


class TestLooking:
    async def test_counts_what_was_decided_in_each_band(self, db: Db, ranker: Ranker) -> None:
        await decide(db, ranker.model_version, HIGH, approved=75, of=100, days_ago=3)
        await decide(db, ranker.model_version, HIGH, approved=5, of=10)
        await decide(db, ranker.model_version, LOW, approved=1, of=9)
        await looking.observe(db)
        now, high, low = await clock.now(db), await record(db, ranker), await record(db, ranker, LOW)
        assert (high.approved, high.decided, high.standing) == (80, 110, BandStanding.KEPT)
        assert (high.since, high.until, high.changed_at) == (now - timedelta(days=3), now, now)
        assert (low.approved, low.decided, low.standing) == (1, 9, BandStanding.GATHERING)
        assert await told(db, ranker) == []

    async def test_leaves_out_what_says_nothing_of_the_band(self, db: Db, ranker: Ranker) -> None:
        await decide(db, "another model", HIGH, approved=0, of=5)
        await decide(db, ranker.model_version, None, approved=0, of=5)
        await decide(db, ranker.model_version, HIGH, approved=0, of=5, referred=True)
        await decide(db, ranker.model_version, HIGH, approved=0, of=5, days_ago=181)
        await looking.observe(db)
        high = await record(db, ranker)
        assert (high.approved, high.decided, high.since, high.until) == (0, 0, None, None)

    async def test_withdraws_a_band_once(self, db: Db, ranker: Ranker) -> None:
        await decide(db, ranker.model_version, HIGH, approved=30, of=100)
        await looking.observe(db)
        withdrawn_at = (await record(db, ranker)).changed_at
        await an_hour_later(db)
        await decide(db, ranker.model_version, HIGH, approved=60, of=60)
        await looking.observe(db)
        high = await record(db, ranker)
        assert (high.standing, high.changed_at) == (BandStanding.WITHDRAWN, withdrawn_at)
        assert (high.approved, high.decided) == (30, 100)  # what it was withdrawn for
        assert await told(db, ranker) == ["band.withdrawn"]

    async def test_restores_it_for_what_was_decided_since(self, db: Db, ranker: Ranker) -> None:
        await decide(db, ranker.model_version, HIGH, approved=30, of=100)
        await looking.observe(db)
        await an_hour_later(db)
        await decide(db, ranker.model_version, HIGH, approved=70, of=100)
        await looking.observe(db)
        high = await record(db, ranker)
        assert (high.standing, high.approved, high.decided) == (BandStanding.KEPT, 70, 100)
        assert await told(db, ranker) == ["band.withdrawn", "band.restored"]

    async def test_does_not_hold_the_past_against_it(self, db: Db, ranker: Ranker) -> None:
        await decide(db, ranker.model_version, HIGH, approved=0, of=400)
        await looking.observe(db)
        await an_hour_later(db)
        await decide(db, ranker.model_version, HIGH, approved=70, of=100)
        await looking.observe(db)
        await an_hour_later(db)
        await decide(db, ranker.model_version, HIGH, approved=7, of=10)
        await looking.observe(db)
        high = await record(db, ranker)
        assert (high.standing, high.approved, high.decided) == (BandStanding.KEPT, 77, 110)

    async def test_says_when_a_standing_changed_last(self, db: Db, ranker: Ranker) -> None:
        await looking.observe(db)
        first = await clock.now(db)
        await an_hour_later(db)
        await decide(db, ranker.model_version, LOW, approved=1, of=9)
        await looking.observe(db)
        assert (await record(db, ranker, LOW)).changed_at == first
        await decide(db, ranker.model_version, LOW, approved=10, of=91)
        await looking.observe(db)
        assert (await record(db, ranker, LOW)).changed_at == await clock.now(db)


def kept(standing: BandStanding, version: str) -> BandRecord:
    return BandRecord(
        model_version=version,
        odds_band=HIGH,
        approved=87,
        decided=120,
        since=datetime(2026, 5, 31, 16, 0, tzinfo=UTC),  # June has begun in Shanghai
        until=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        standing=standing,
        changed_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
    )


TESTED = matcher.Tested(approved=150, decided=200, is_kept=True, since=None, until=None)
UNCONFIRMED = matcher.Tested(approved=50, decided=200, is_kept=False, since=None, until=None)


class TestEvidence:
    async def of(self, db: Db, ranker: Ranker, *records: BandRecord) -> bands.BandEvidence:
        db.add_all(records)
        await db.flush()
        return (await bands.evidence_of(db, cast(Matcher, ranker)))[HIGH]

    async def test_is_what_was_observed(self, db: Db, ranker: Ranker) -> None:
        ranker.tested = {HIGH: TESTED}
        found = await self.of(db, ranker, kept(BandStanding.KEPT, ranker.model_version))
        assert (found.basis, found.is_kept, found.is_simulated) == (BandBasis.OBSERVED, True, False)
        assert (found.approval_rate, found.approved, found.decided) == (0.725, 87, 120)
        assert say(found.message, "en", **found.values) == (
            "Of 120 applications with these odds, 72 % were approved (2026-06-01 to 2026-11-20)."
        )

    async def test_says_that_a_band_was_withdrawn(self, db: Db, ranker: Ranker) -> None:
        found = await self.of(db, ranker, kept(BandStanding.WITHDRAWN, ranker.model_version))
        assert (found.basis, found.standing, found.is_kept) == (BandBasis.OBSERVED, BandStanding.WITHDRAWN, False)
        assert say(found.message, "zh", **found.values).startswith("已撤回：在 120 笔")

    @pytest.mark.parametrize("is_simulated", [True, False])
    @pytest.mark.parametrize("tested", [TESTED, UNCONFIRMED])
    async def test_is_the_model_s_test_while_too_few_were_decided(
        self, db: Db, ranker: Ranker, tested: matcher.Tested, is_simulated: bool
    ) -> None:
        ranker.tested, ranker.is_simulated = {HIGH: tested}, is_simulated
        found = await self.of(db, ranker, kept(BandStanding.GATHERING, ranker.model_version))
        assert (found.basis, found.is_kept, found.is_simulated) == (BandBasis.TESTED, tested.is_kept, is_simulated)
        assert (found.approved, found.decided) == (tested.approved, 200)
        sentence = say(found.message, "en", **found.values)
        assert ("simulated people, not on real ones" in sentence) == is_simulated
        assert f"{tested.approved // 2} %" in sentence

    async def test_says_that_there_is_none(self, db: Db, ranker: Ranker) -> None:
        assert await self.of(db, ranker) == NO_EVIDENCE
        assert (NO_EVIDENCE.approval_rate, NO_EVIDENCE.is_kept) == (None, False)
        assert say(NO_EVIDENCE.message, "en") == "There is no evidence for these odds yet."
