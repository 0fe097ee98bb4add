"""The log is read as it stood: who was shown what, where, and what came of it in time."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, func, select, update

from domain.applications.applications import Application
from domain.matching.impressions import ROW, Impression
from domain.matching.preferences import MatchPreference
from infra import clock, vault
from infra.database import Db, reading, transaction
from infra.settings import settings
from infra.vault import PersonKey
from ml.matchers import logs
from ml.matchers.interactions import Interactions
from ml.matchers.logs import ImpressionLog
from ml.models.pairs import INPUTS
from tests.ml.matchers.learning import APPLIED_AFTER, first_people, write_down
from tests.statements import statements
from tests.tampering import tamper

PEOPLE = 4


@pytest.fixture
async def shown_at() -> datetime:
    async with reading() as db:
        return await clock.now(db) - timedelta(days=20)


@pytest.fixture
def few(seen: Interactions) -> Interactions:
    return first_people(seen, PEOPLE)


@pytest.fixture
async def shoppers(few: Interactions, shown_at: datetime) -> AsyncIterator[list[UUID]]:
    async with transaction() as db:
        ids = await write_down(db, few, shown_at=shown_at)
    yield ids
    async with transaction() as db:
        await db.execute(delete(Impression).where(Impression.user_id.in_(ids)))


def draw(user_id: UUID) -> float:
    return logs._draw(logs._names([user_id])[0])


async def read(shoppers: list[UUID], at: datetime | None = None) -> ImpressionLog:
    """Only of these people, in the order of their impressions."""
    async with reading() as db:
        now = at or await clock.now(db)
    found = await logs.read(now)
    return found.only(np.isin(found.seen.draw, [draw(user_id) for user_id in shoppers]))


async def change(*statements: object) -> None:
    async with transaction() as db:
        await tamper(db)
        for statement in statements:
            await db.execute(statement)  # type: ignore[call-overload]


async def test_it_comes_back_as_it_was_shown(shoppers: list[UUID], few: Interactions, shown_at: datetime) -> None:
    log = await read(shoppers)
    assert np.array_equal(log.seen.rows, few.rows, equal_nan=True)
    assert np.array_equal(log.seen.applied, few.applied)
    assert np.array_equal(log.seen.decided, few.decided)
    assert np.array_equal(log.seen.approved[few.decided], few.approved[few.decided])
    assert log.seen.shown_at is not None
    assert {str(moment) for moment in log.seen.shown_at} == {shown_at.replace(tzinfo=None).isoformat()}
    assert [len(set(numbers.tolist())) for numbers in (log.list_of, log.product)] == [PEOPLE, len(few)]
    assert np.array_equal(log.seen.weight / log.seen.weight[0], np.ones(len(few)))


async def test_what_is_not_judged_yet_is_not_read(shoppers: list[UUID], shown_at: datetime) -> None:
    judged_after = timedelta(days=settings().learning.judged_after_days)
    assert len(await read(shoppers, shown_at + judged_after)) == 0
    assert len(await read(shoppers, shown_at + judged_after + timedelta(seconds=1))) > 0
    too_old = shown_at + timedelta(days=settings().learning.looks_back_days, seconds=1)
    assert len(await read(shoppers, too_old)) == 0


async def test_who_applied_too_late_did_not_apply(shoppers: list[UUID]) -> None:
    late = timedelta(days=settings().learning.judged_after_days) - APPLIED_AFTER
    mine = update(Application).where(Application.user_id.in_(shoppers))
    await change(mine.values(created_at=Application.created_at + late))
    log = await read(shoppers)
    assert not log.seen.applied.any()
    assert not log.seen.decided.any()


async def test_who_wants_no_personal_ranking_is_not_learned_from(shoppers: list[UUID]) -> None:
    now = datetime.fromisoformat("2026-01-01T00:00:00Z")
    async with transaction() as db:
        db.add(MatchPreference(user_id=shoppers[0], is_personal=False, changed_at=now))
        db.add(MatchPreference(user_id=shoppers[1], is_personal=True, changed_at=now))
    log = await read(shoppers)
    assert set(log.seen.draw) == {draw(user_id) for user_id in shoppers[1:]}


async def test_what_was_not_personal_teaches_nothing(shoppers: list[UUID]) -> None:
    of = Impression.user_id
    await change(
        update(Impression).where(of == shoppers[0]).values(is_personal=False),
        update(Impression).where(of == shoppers[1]).values(row_sealed=None),
    )
    assert set((await read(shoppers)).seen.draw) == {draw(user_id) for user_id in shoppers[2:]}


async def test_of_who_was_erased_nothing_is_read(shoppers: list[UUID]) -> None:
    await change(delete(PersonKey).where(PersonKey.user_id == shoppers[0]))
    assert set((await read(shoppers)).seen.draw) == {draw(user_id) for user_id in shoppers[1:]}


async def test_rows_of_other_columns_are_left_out(shoppers: list[UUID]) -> None:
    async with transaction() as db:
        seal = await vault.seal_of(db, shoppers[0])
        sealed = seal.close({"points": 700.0, "something_else": 1.0}, ROW)
        await db.execute(update(Impression).where(Impression.user_id == shoppers[0]).values(row_sealed=sealed))
    assert set((await read(shoppers)).seen.draw) == {draw(user_id) for user_id in shoppers[1:]}


async def test_a_row_from_before_a_kind_came_is_none_of_that_kind(
    shoppers: list[UUID], few: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_NO_KIND", {**logs._NO_KIND, "INSURANCE": 0.0})
    monkeypatch.setattr(logs, "_NEEDED", {*logs._NEEDED, "INSURANCE"})
    monkeypatch.setattr(logs, "INPUTS", (*INPUTS, "INSURANCE"))
    monkeypatch.setattr(logs, "COLUMNS", (*INPUTS, "INSURANCE", "position"))
    log = await read(shoppers)
    assert np.array_equal(log.seen.rows, np.insert(few.rows, -1, 0.0, axis=1), equal_nan=True)


async def test_what_seldom_stood_there_speaks_for_more_but_not_for_all(shoppers: list[UUID]) -> None:
    chances = dict(zip(shoppers, (1.0, 0.5, 0.2, 0.0001), strict=True))
    await change(
        *[
            update(Impression).where(Impression.user_id == who).values(propensity=chance)
            for who, chance in chances.items()
        ]
    )
    log = await read(shoppers)
    weights = dict(zip(log.seen.draw.tolist(), log.seen.weight.tolist(), strict=True))
    base = weights[draw(shoppers[0])]
    assert [weights[draw(who)] / base for who in shoppers] == pytest.approx([1, 2, 5, logs.WEIGHT_MAX])


async def test_many_batches_are_one_log_in_two_questions_each(
    shoppers: list[UUID], few: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "BATCH", 7)
    with statements() as sent:
        log = await read(shoppers)
    assert np.array_equal(log.seen.rows, few.rows, equal_nan=True)
    impressions = [sql for sql in sent if sql.startswith("SELECT impressions.user_id")]
    keys = [sql for sql in sent if "FROM person_keys" in sql]
    assert len(impressions) == len(keys) == len(few) // 7 + 1


async def test_of_too_many_the_newest_are_read(
    shoppers: list[UUID], shown_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await change(
        update(Impression).where(Impression.user_id == shoppers[0]).values(shown_at=shown_at - timedelta(days=300))
    )
    async with reading() as db:
        judged = Impression.shown_at < await clock.now(db) - timedelta(days=settings().learning.judged_after_days)
        newer = select(func.count()).where(judged, Impression.shown_at > shown_at - timedelta(days=300))
        count = (await db.execute(newer)).scalar_one()
    monkeypatch.setattr(settings(), "learning", settings().learning.model_copy(update={"impressions_max": count - 1}))
    assert set((await read(shoppers)).seen.draw) == {draw(user_id) for user_id in shoppers[1:]}


async def test_an_empty_log_is_empty(db: Db) -> None:
    log = await logs.read(datetime.fromisoformat("2001-01-01T00:00:00Z"))
    assert (len(log), log.seen.rows.shape[0]) == (0, 0)
