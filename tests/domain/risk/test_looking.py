"""Rules against a world whose truth is known, and an oracle that counts it by hand.

`LONGAN_LIVES=20 pytest tests/domain/risk` judges as many worlds.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.risk import looking, sightings
from domain.risk.rules import RULES, RuleAction
from domain.risk.sightings import Sighting
from domain.risk.signals import Signal
from infra import clock
from infra.database import Db
from infra.hindsight import stand_at
from infra.ids import new_id
from tests.api.people import somebody
from tests.domain.risk import places, worlds
from tests.domain.risk.worlds import APPLIED, REGISTERED, Seen, World
from tests.trying import rolled_back

WORLDS = int(os.environ.get("LONGAN_LIVES", "1"))
# Of the first world, by rule: right, wrong, and missed.
FIRST = {
    "IMPOSSIBLE_TRAVEL": (10, 3, 0),
    "DEVICE_CLUSTER": (24, 0, 0),
    "NETWORK_RUSH": (28, 0, 0),
    "DEVICE_APPLICATIONS": (24, 0, 0),
}
HONEST = (3, 313)  # proofs that honest people would be asked for, and how often they came


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_rules_speak_of_whom_an_oracle_finds(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.invented(seed)
    with places.known(places.write(tmp_path), monkeypatch):
        async with rolled_back() as db:
            spoken = await lived(db, world)
    assert spoken == worlds.judged(world.seen)
    if seed == 0:
        assert {rule: of_rule(rule, spoken, world) for rule in RULES} == FIRST
        assert honest(spoken, world) == HONEST


def honest(spoken: set[tuple[str, int]], world: World) -> tuple[int, int]:
    """How often somebody honest would prove once more who they are, were all rules live, and how often they came."""
    guilty = {person for people in world.guilty.values() for person in people}
    asked = {(rule, person) for rule, person in spoken if RULES[rule].action is RuleAction.STEP_UP}
    came = [each for each in world.seen if each.kind is not APPLIED and each.person not in guilty]
    return len([person for _, person in asked if person not in guilty]), len(came)


async def lived(db: Db, world: World) -> set[tuple[str, int]]:
    """Everything is seen at its time, and looked at; which rule spoke of whom."""
    began = await clock.now(db) - timedelta(days=80)
    people = {each.person: (await somebody(db)).id for each in world.seen if each.kind == REGISTERED}
    devices = dict[int, UUID]()
    for each in world.seen:
        sighting = await see(db, each, began, people[each.person], devices)
        await db.flush()
        await looking.look(db, sighting.user_id, sighting.id)
    numbers = {id: person for person, id in people.items()}
    told = await db.execute(select(Signal.rule, Signal.user_id).where(Signal.user_id.in_(numbers)))
    return {(rule, numbers[user_id]) for rule, user_id in told}


async def see(db: Db, each: Seen, began: datetime, user_id: UUID, devices: dict[int, UUID]) -> Sighting:
    await stand_at(db, began + timedelta(minutes=each.minute))
    if each.kind is APPLIED:
        return await sightings.of_application(db, user_id, devices[each.device], each.ip, new_id())
    session_id = new_id()
    had = devices.get(each.device)
    devices[each.device] = session_id
    return await sightings.of_session(db, user_id, session_id, each.ip, device_id=had, is_new=each.kind is REGISTERED)


def of_rule(rule: str, spoken: set[tuple[str, int]], world: World) -> tuple[int, int, int]:
    found = {person for code, person in spoken if code == rule}
    guilty = world.guilty[rule]
    return len(found & guilty), len(found - guilty), len(guilty - found)


async def test_looking_twice_says_nothing_twice() -> None:
    async with rolled_back() as db:
        first = None
        for _ in range(4):
            user, session_id = await somebody(db), new_id()
            sighting = await sightings.of_session(db, user.id, session_id, "10.0.0.1", device_id=first, is_new=True)
            first = first or session_id
            await db.flush()
        for _ in range(2):
            await looking.look(db, sighting.user_id, sighting.id)
        told = select(Signal.rule, Signal.mode, Signal.evidence).where(Signal.session_id == sighting.session_id)
        assert (await db.execute(told)).all() == [("DEVICE_CLUSTER", "SHADOW", {"people": 4, "new": 4})]
