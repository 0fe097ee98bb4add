"""Learning from the log by itself: once, without a transaction, and live only through the gate."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from domain.applications.applications import Application
from domain.applications.decisions import Decision
from domain.matching.impressions import Impression
from infra import clock, outbox
from infra.database import reading, transaction
from infra.ids import new_id
from infra.outbox import Event
from infra.settings import settings
from infra.vault import PersonKey
from ml.live import store
from ml.live.approvals import ModelMove, MoveKind
from ml.live.store import ModelKind
from ml.matchers import gate, logs, retraining, trainings
from ml.matchers.interactions import Interactions
from ml.matchers.live import LiveMatcher
from ml.matchers.trainings import MatcherTraining, TrainingOutcome
from ml.models.artefact import ArtefactError
from ml.models.matcher import MatchArtefact
from ml.population.parameters import WORLD
from ml.population.simulating import Population
from ml.tasks import retrain_matcher
from tests.ml import standings
from tests.ml.conftest import shown_to
from tests.ml.matchers.learning import first_people, write_down
from tests.tampering import tamper
from tests.working import work_off

PEOPLE = 1_000


@pytest.fixture(autouse=True)
async def _alone(nothing_live: None) -> AsyncIterator[None]:
    yield
    async with transaction() as db:
        await tamper(db)
        await db.execute(delete(MatcherTraining))


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where people are real."""
    real = settings().model_copy(update={"environment": "production"})
    for room in (store, retraining):
        monkeypatch.setattr(room, "settings", lambda: real)


@pytest.fixture(scope="module")
def choosy(people: Population) -> Interactions:
    """People who mind costs and sizes so much that a few hundred of them show it."""
    return shown_to(people, replace(WORLD.market, dislikes_cost=20.0, dislikes_misfit=1.5))


@pytest.fixture(scope="module")
async def history(choosy: Interactions) -> AsyncIterator[list[UUID]]:
    """What some hundred people were shown a month ago, and what came of it."""
    async with transaction() as db:
        month_ago = await clock.now(db) - timedelta(days=30)
        people = await write_down(db, first_people(choosy, PEOPLE), shown_at=month_ago, ids=Random(0))
    yield people
    async with transaction() as db:
        await tamper(db)
        for kind in (Impression, Application, Decision, PersonKey):
            await db.execute(delete(kind).where(kind.user_id.in_(people)))


async def now() -> datetime:
    async with reading() as db:
        return await clock.now(db)


async def latest() -> MatcherTraining | None:
    async with reading() as db:
        return await trainings.latest(db)


async def last_move() -> ModelMove:
    async with reading() as db:
        newest = select(ModelMove).order_by(ModelMove.moved_at.desc(), ModelMove.id.desc()).limit(1)
        return (await db.execute(newest)).scalar_one()


async def asked_again() -> list[Event]:
    async with reading() as db:
        return list((await db.execute(select(Event).where(Event.name == retraining.RETRAIN))).scalars())


async def test_what_passes_the_gate_is_live_and_written_down(history: list[UUID], production: None) -> None:
    done = await retraining.retrain()
    assert done is not None
    assert (done.outcome, done.failures) == (TrainingOutcome.LIVE, [])
    assert (await standings.standing(ModelKind.MATCH)).champion == done.version
    model = await standings.load_match(str(done.version))
    assert not model.simulated
    assert (model.card["shown"], model.card["people"]) == (PEOPLE * 5, PEOPLE)
    assert model.card["since"] == model.card["until"] is not None
    assert sum(told.decided for told in model.tested.values()) == done.figures["odds"]["rows"]
    month_ago = await now() - timedelta(days=30)
    assert all(told.since is None or abs(told.since - month_ago) < timedelta(hours=1) for told in model.tested.values())
    live = LiveMatcher()
    async with reading() as db:
        await live.catch_up(db)
    assert live.model_version.startswith(str(done.version))
    move = await last_move()
    assert (move.kind, move.move, move.version, move.before) == (ModelKind.MATCH, MoveKind.PROMOTED, done.version, None)
    assert move.gate == done.figures
    assert move.gate["relevance"]["differences"]["position"][2] < 0
    async with reading() as db:
        newest = select(Event).where(Event.name == "model.promoted").order_by(Event.id.desc()).limit(1)
        assert (await db.execute(newest)).scalar_one().data == {"kind": "match", "version": done.version}


def test_a_simulated_champion_is_nothing_to_compare_a_real_model_with(matcher: MatchArtefact) -> None:
    real = replace(matcher, simulated=False)
    assert retraining.rival_of(real, matcher) is None
    assert retraining.rival_of(matcher, matcher) is matcher
    assert retraining.rival_of(real, real) is real
    assert retraining.rival_of(real, None) is None


async def test_a_champion_that_cannot_be_read_stops_nobody() -> None:
    async with reading() as db:
        assert await retraining._readable(db, "0" * 16) is None
        assert await retraining._readable(db, None) is None


class TestTheGate:
    async def test_what_the_gate_refuses_changes_nothing(
        self, history: list[UUID], matcher: MatchArtefact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        champion = await standings.promote(matcher)
        monkeypatch.setattr(gate, "TOLERANCE", -10.0)  # nothing is so much better
        done = await retraining.retrain()
        assert done is not None
        assert done.outcome is TrainingOutcome.REFUSED
        assert any("not measurably as good as the champion's" in failure for failure in done.failures)
        assert done.figures["against"] == champion
        assert (await standings.standing(ModelKind.MATCH)).champion == champion
        with pytest.raises(ArtefactError, match="There is no model"):
            await standings.load_match(str(done.version))
        stored = await latest()
        assert stored is not None
        assert (stored.outcome, stored.failures) == (TrainingOutcome.REFUSED, done.failures)

    async def test_too_little_is_not_trained_on(self, history: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
        least = settings().learning.model_copy(update={"decided_min": 1_000_000})
        monkeypatch.setattr(settings(), "learning", least)
        done = await retraining.retrain()
        assert done is not None
        assert (done.outcome, done.version) == (TrainingOutcome.TOO_FEW, None)
        assert done.failures[-1].endswith("decided applications are there; 1,000,000 are needed.")
        assert (await standings.standing(ModelKind.MATCH)).champion is None

    async def test_one_that_was_overtaken_stays_down(
        self, matcher: MatchArtefact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It passed against what was live when it was measured, and then somebody promoted another."""
        passed = replace(matcher, card={"passed": True})

        async def meanwhile(_: datetime) -> retraining._Learned:
            await standings.promote(matcher)
            return retraining._Learned(TrainingOutcome.LIVE, version=passed.version, champion=None, model=passed)

        monkeypatch.setattr(retraining, "_learned", meanwhile)
        done = await retraining.retrain()
        assert done is not None
        assert done.outcome is TrainingOutcome.OVERTAKEN
        assert (await standings.standing(ModelKind.MATCH)).champion == matcher.version


class TestOnce:
    async def test_what_was_trained_since_it_was_asked_for_is_not_trained_again(self) -> None:
        asked_at = await now()
        async with transaction() as db:
            db.add(MatcherTraining(begun_at=asked_at, ended_at=await clock.now(db)))
        assert await retraining.retrain(asked_at) is None
        assert await asked_again() == []

    async def test_while_one_is_at_work_the_other_is_asked_again_later(self) -> None:
        async with transaction() as db:
            db.add(MatcherTraining(begun_at=await clock.now(db)))
        assert await retraining.retrain(await now()) is None
        assert len(await asked_again()) == 1

    async def test_one_that_was_broken_off_stops_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings(), "learning", settings().learning.model_copy(update={"impressions_min": 10**9}))
        async with transaction() as db:
            db.add(MatcherTraining(begun_at=await clock.now(db) - retraining.AT_WORK_MAX))
        done = await retraining.retrain(await now())
        assert done is not None
        assert done.outcome is TrainingOutcome.TOO_FEW

    async def test_one_that_fails_is_written_down_and_begun_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(_: datetime) -> None:
            raise ConnectionError

        asked_at = await now()
        with pytest.MonkeyPatch.context() as once:
            once.setattr(logs, "read", broken)
            with pytest.raises(ConnectionError):
                await retraining.retrain(asked_at)
        failed = await latest()
        assert failed is not None
        assert (failed.outcome, failed.version, failed.figures) == (TrainingOutcome.FAILED, None, {})

        async def learned(_: datetime) -> retraining._Learned:
            return retraining._Learned(TrainingOutcome.TOO_FEW)

        monkeypatch.setattr(retraining, "_learned", learned)
        again = await retraining.retrain(asked_at)
        assert again is not None
        assert (again.outcome, again.id != failed.id) == (TrainingOutcome.TOO_FEW, True)

    async def test_no_transaction_is_open_while_it_trains(self, monkeypatch: pytest.MonkeyPatch) -> None:
        held: list[int] = []
        idle = text(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%matcher_trainings%' AND state LIKE 'idle in%'"
        )

        async def watched(_: datetime) -> retraining._Learned:
            async with reading() as db:
                held.append((await db.execute(idle)).scalar_one())
            return retraining._Learned(TrainingOutcome.REFUSED)

        monkeypatch.setattr(retraining, "_learned", watched)
        await retraining.retrain()
        assert held == [0]

    async def test_a_week_asks_for_it_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def learned(_: datetime) -> retraining._Learned:
            return retraining._Learned(TrainingOutcome.REFUSED)

        monkeypatch.setattr(retraining, "_learned", learned)
        async with transaction() as db:
            asked = await outbox.announce(db, retraining.RETRAIN, subject_id=new_id())
        assert asked.subject_id is not None
        assert await work_off(asked.subject_id) == ["retrain_matcher"]
        done = await latest()
        assert done is not None
        await retrain_matcher(asked)  # delivered twice
        again = await latest()
        assert again is not None
        assert again.id == done.id
