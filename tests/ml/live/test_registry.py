"""One row says which model is live; it is switched in one step for all machines, and nothing damaged ever goes live."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select, update

from domain.credit.scoring import Scored
from infra.database import reading, transaction
from infra.settings import Settings, settings
from ml.live import serving, store
from ml.live.registry import LiveModel, ModelStanding
from ml.live.serving import Live, live_challenger_model, live_scorer_model
from ml.live.store import ModelFile, ModelKind
from ml.models import artefact as artefacts
from ml.models.artefact import Artefact, ArtefactError
from ml.score.scoring import LiveScorer, replayed
from tests.ml.conftest import persona
from tests.ml.standings import load_score, save, standing, switch
from tests.tampering import tamper


@pytest.fixture(autouse=True)
async def _alone(nothing_live: None) -> AsyncIterator[None]:
    yield
    store.forget()


@pytest.fixture
async def first(model: Artefact) -> str:
    return await save(model)


@pytest.fixture
async def second(model: Artefact) -> str:
    return await save(replace(model, calibration=(0.1, 1.0)))


async def promote(version: str) -> ModelStanding:
    return await switch(ModelKind.SCORE, lambda now: now.promoted(version))


async def now_live(live: Live[Artefact]) -> str | None:
    async with reading() as db:
        await live.catch_up(db)
    model = live.current()
    return model.version if model else None


async def scorer() -> LiveScorer:
    live = LiveScorer()
    async with reading() as db:
        await live.catch_up(db)
    return live


async def replay(vector: dict[str, float | str | None], version: str) -> Scored:
    async with reading() as db:
        return await replayed(db, vector, version)


async def change_file(version: str) -> None:
    async with transaction() as db:
        await tamper(db)
        mine = update(ModelFile).where(ModelFile.version == version, ModelFile.name == "model.cbm")
        await db.execute(mine.values(content=ModelFile.content.concat(b"?")))
    store.forget()


async def lose_file(version: str) -> None:
    async with transaction() as db:
        await tamper(db)
        await db.execute(delete(ModelFile).where(ModelFile.version == version, ModelFile.name == "model.cbm"))
    store.forget()


async def mend_file(version: str, model: Artefact) -> None:
    async with transaction() as db:
        await tamper(db)
        await db.execute(delete(ModelFile).where(ModelFile.version == version))
        await store.save(db, model)


async def test_nothing_is_live_at_first() -> None:
    assert await standing(ModelKind.SCORE) == ModelStanding()
    with pytest.raises(ArtefactError, match="No score model is live"):
        (await scorer()).score(persona("gig-driver"))


async def test_what_is_kept_comes_back_the_same_and_is_kept_once(model: Artefact) -> None:
    assert await save(model) == await save(model) == model.version
    store.forget()
    again = await load_score(model.version)
    assert artefacts.contents(again) == artefacts.contents(model)
    async with reading() as db:
        mine = select(func.count()).select_from(ModelFile).where(ModelFile.version == model.version)
        assert (await db.execute(mine)).scalar_one() == len(artefacts.contents(model))


async def test_a_promotion_remembers_what_was_before(first: str, second: str) -> None:
    await promote(first)
    assert await promote(second) == await standing(ModelKind.SCORE) == ModelStanding(second, None, (first,))


async def test_promoting_the_champion_again_changes_nothing(first: str) -> None:
    assert await promote(first) == await promote(first) == ModelStanding(first)


async def test_a_rollback_goes_back_one_step(first: str, second: str) -> None:
    await promote(first)
    await promote(second)
    assert await switch(ModelKind.SCORE, ModelStanding.rolled_back) == ModelStanding(first)
    with pytest.raises(ArtefactError, match="no earlier champion"):
        await switch(ModelKind.SCORE, ModelStanding.rolled_back)


async def test_a_challenger_that_wins_challenges_no_longer(first: str, second: str) -> None:
    await promote(first)
    assert await switch(ModelKind.SCORE, lambda now: now.challenged(second)) == ModelStanding(first, second)
    assert await now_live(live_challenger_model()) == second
    assert await promote(second) == ModelStanding(second, None, (first,))


@pytest.mark.parametrize("harm", [lose_file, change_file])
async def test_a_damaged_artefact_is_refused_and_the_old_one_stays(
    first: str, second: str, model: Artefact, harm: Callable[[str], Awaitable[None]]
) -> None:
    await promote(first)
    live = await scorer()
    live.warm()
    await harm(second)
    with pytest.raises(ArtefactError, match=second):
        await promote(second)
    assert await standing(ModelKind.SCORE) == ModelStanding(first)
    assert live.model_version == first
    await mend_file(second, replace(model, calibration=(0.1, 1.0)))


async def test_damage_after_the_switch_leaves_the_old_model_answering(
    first: str, second: str, model: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = live_scorer_model()
    await promote(first)
    assert await now_live(live) == first
    await promote(second)
    await change_file(second)
    assert await now_live(live) == first
    await mend_file(second, replace(model, calibration=(0.1, 1.0)))
    assert await now_live(live) == first, "it was refused just now, and is not read again each heartbeat"
    monkeypatch.setattr(serving, "monotonic", lambda: 1e12)
    assert await now_live(live) == second


async def test_a_rollback_from_a_damaged_model_is_heard_at_once(first: str, second: str, model: Artefact) -> None:
    live = live_scorer_model()
    await promote(second)
    assert await now_live(live) == second
    await promote(first)
    await change_file(first)
    assert await now_live(live) == second
    await mend_file(first, model)
    await switch(ModelKind.SCORE, ModelStanding.rolled_back)
    assert await now_live(live) == second


async def test_a_new_champion_is_heard_of_within_a_heartbeat(
    first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(serving, "monotonic", lambda: now)
    live = live_scorer_model()
    async with reading() as db:
        await promote(first)
        await live.keep_up(db)
        await promote(second)
        now += settings().model_heartbeat_seconds * 0.99
        await live.keep_up(db)
        assert live.current() == await load_score(first)
        now += settings().model_heartbeat_seconds * 0.02
        await live.keep_up(db)
        assert live.current() == await load_score(second)


async def test_whoever_looked_before_does_not_bring_an_old_model_back(first: str, second: str) -> None:
    live: Live[Artefact]

    async def slowly(db: object, version: str) -> Artefact:
        """Another look overtakes this one while it loads."""
        if version == first and live.current() is None:
            await promote(second)
            async with reading() as own:
                await live.catch_up(own)
        return await load_score(version)

    live = Live(ModelKind.SCORE, slowly, lambda now: now.champion)
    await promote(first)
    assert await now_live(live) == second


async def test_production_never_decides_with_a_model_of_simulated_people(
    first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await promote(first)
    strict = Settings.model_construct(environment="production", var=settings().var)
    monkeypatch.setattr(store, "settings", lambda: strict)
    with pytest.raises(ArtefactError, match="simulated people"):
        await promote(second)
    assert await now_live(live_scorer_model()) is None


@pytest.mark.parametrize(
    "change", [{"champion": "second"}, {"challenger": "second"}, {"before": ["second"]}, {"revision": 99}, {"mac": b""}]
)
async def test_a_row_that_other_hands_wrote_is_refused(first: str, second: str, change: dict[str, object]) -> None:
    await promote(first)
    served = live_scorer_model()
    assert await now_live(served) == first
    values = {
        name: json.loads(json.dumps(value).replace("second", second)) if name != "mac" else value
        for name, value in change.items()
    }
    async with transaction() as db:
        mine = select(LiveModel).where(LiveModel.kind == ModelKind.SCORE)
        row = (await db.execute(mine)).scalar_one()
        kept = {name: getattr(row, name) for name in change}
        await db.execute(update(LiveModel).where(LiveModel.kind == ModelKind.SCORE).values(values))
    try:
        with pytest.raises(ArtefactError, match="changed by other hands"):
            await standing(ModelKind.SCORE)
        with pytest.raises(ArtefactError, match="changed by other hands"):
            await promote(second)
        assert await now_live(live_scorer_model()) is None
        assert await now_live(served) == first
    finally:
        async with transaction() as db:
            await db.execute(update(LiveModel).where(LiveModel.kind == ModelKind.SCORE).values(kept))
    assert await standing(ModelKind.SCORE) == ModelStanding(first)


class TestReplay:
    async def test_a_score_of_the_past_comes_out_the_same(self, first: str) -> None:
        await promote(first)
        answer = (await scorer()).score(persona("gig-driver"))
        assert isinstance(answer, Scored)
        assert await replay(json.loads(json.dumps(dict(answer.vector))), answer.model_version) == answer

    async def test_also_when_another_model_is_live(self, first: str, second: str) -> None:
        await promote(first)
        answer = (await scorer()).score(persona("gig-driver"))
        await promote(second)
        assert isinstance(answer, Scored)
        assert await replay(dict(answer.vector), first) == answer
        assert (await replay(dict(answer.vector), second)).points != answer.points

    async def test_a_vector_of_another_model_is_refused(self, first: str) -> None:
        with pytest.raises(ArtefactError, match="not one of model"):
            await replay({"age": 30.0}, first)
