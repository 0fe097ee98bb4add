"""What is live under a key that is gone: the doctor finds it, and two people's model comes back by one command."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from api.cli.machine import live_models
from api.cli.machine.findings import State
from domain.actors import Role, StaffActor
from infra.database import reading, transaction
from infra.settings import settings
from ml.live.registry import LiveModel, ModelStanding
from ml.live.store import ModelKind
from ml.models.artefact import ArtefactError
from ml.promotion import promoting
from ml.promotion.promoting import NotPromoted
from tests.ml import standings
from tests.ml.promotion.test_promoting import MOVER, Appoint, appoint, last_move, last_promotion, run, saved, vouched

__all__ = ["appoint"]


@pytest.fixture
async def under_another_key(champion: str) -> AsyncIterator[None]:
    """As a database of another house has it."""
    async with transaction() as db:
        mine = select(LiveModel).where(LiveModel.kind == ModelKind.SCORE)
        mac = (await db.execute(mine)).scalar_one().mac
        await db.execute(update(LiveModel).where(LiveModel.kind == ModelKind.SCORE).values(mac=mac[::-1]))
    yield
    async with transaction() as db:
        row = (await db.execute(select(LiveModel).where(LiveModel.kind == ModelKind.SCORE))).scalar_one()
        if row.mac == mac[::-1]:
            row.mac = mac


async def doctored() -> tuple[State, str, str]:
    found = await live_models.look(str(settings().database_url))
    assert found is not None
    return found.state, found.found, found.todo


async def revision() -> int:
    async with reading() as db:
        return int((await db.execute(select(LiveModel.revision).where(LiveModel.kind == ModelKind.SCORE))).scalar_one())


async def test_the_doctor_finds_it(champion: str, under_another_key: None) -> None:
    assert await doctored() == (
        State.WRONG,
        "What is live of the kind score was changed by other hands, or under another key",
        live_models.REPAIR,
    )


async def test_the_doctor_names_what_is_live(champion: str) -> None:
    state, found, todo = await doctored()
    assert (state, todo) == (State.WELL, "")
    assert f"score {champion}" in found


async def test_it_comes_back_with_nothing_of_what_the_row_says(
    champion: str, under_another_key: None, appoint: Appoint
) -> None:
    before = await revision()
    with pytest.raises(ArtefactError):
        await standings.standing(ModelKind.SCORE)
    await run(promoting.reseal, champion)
    assert await standings.standing(ModelKind.SCORE) == ModelStanding(champion)
    assert await revision() == before + 1
    move, told = await last_move(), await last_promotion()
    assert (move.version, move.before, move.gate, move.moved_by_id) == (
        champion,
        None,
        {"resealed": True},
        MOVER.staff_id,
    )
    assert told.data["version"] == champion
    assert (await doctored())[0] is State.WELL


async def test_nothing_is_resealed_where_nothing_is_wrong(champion: str) -> None:
    before = await revision()
    with pytest.raises(NotPromoted, match="there is nothing to repair"):
        await run(promoting.reseal, champion)
    assert await revision() == before


async def test_a_model_of_real_people_takes_two_people_for_it_too(
    champion: str, under_another_key: None, appoint: Appoint
) -> None:
    real, before = await saved(champion, simulated=False), await revision()
    with pytest.raises(NotPromoted, match="Two people must vouch"):
        await run(promoting.reseal, real)
    assert await revision() == before
    await vouched(real, appoint)
    await run(promoting.reseal, real)
    assert await standings.standing(ModelKind.SCORE) == ModelStanding(real)


async def test_who_may_not_vouch_may_not_reseal(champion: str, under_another_key: None) -> None:
    before = await revision()
    with pytest.raises(NotPromoted, match="cannot vouch"):
        await run(promoting.reseal, champion, by=StaffActor(MOVER.staff_id, Role.VIEWER))
    assert await revision() == before
