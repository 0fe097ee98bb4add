"""Many simulated people at once, with accounts linked and facts sealed as the app would have left them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from domain.facts import readings
from domain.facts.accounts import LinkedAccount, LinkStatus
from domain.facts.readings import FactsVersion, Reading
from domain.people.users import PHONE, User, UserStatus
from infra import clock, vault
from infra.copying import copy_in
from infra.database import Db, transaction
from infra.ids import new_id
from infra.vault import PersonKey, Seal
from ml.population.simulating import SOURCES, Population, simulated

TOGETHER = 2_000
AGE = timedelta(days=2)  # of what was read: well before anything expires
Rows = dict[type[Any], list[dict[str, Any]]]


async def settle(people: int, *, seed: int = 1) -> list[UUID]:
    """Write so many people, each with at least one linked account; none is scored yet. Gives their ids."""
    population = simulated(2 * people, seed=seed)
    chosen = np.flatnonzero(population.has_any)[:people]
    assert len(chosen) == people, "nearly everybody links something"
    settled: list[UUID] = []
    for start in range(0, people, TOGETHER):
        async with transaction() as db:
            settled += await _write(db, population, chosen[start : start + TOGETHER].tolist())
    return settled


async def _write(db: Db, population: Population, indices: list[int]) -> list[UUID]:
    now = await clock.now(db)
    rows: Rows = {User: [], PersonKey: [], LinkedAccount: [], Reading: [], FactsVersion: []}
    for index in indices:
        key = vault.new_person_key(new_id())
        _add_person(rows, key, now)
        for source in SOURCES:
            if population.linked[source][index]:
                told = {name: float(column[index]) for name, column in population.seen[source].items()}
                _add_account(rows, key.user_id, vault.seal_with(key), source, told, now - AGE)
    for kind, written in rows.items():
        await copy_in(db, kind, written)
    return [row["id"] for row in rows[User]]


def _add_person(rows: Rows, key: PersonKey, now: datetime) -> None:
    phone = vault.seal_with(key).close("+8613800138000", PHONE)
    rows[User].append({"id": key.user_id, "phone_sealed": phone, "created_at": now, "status": UserStatus.ACTIVE})
    rows[PersonKey].append({"user_id": key.user_id, "wrapped": key.wrapped, "version": key.version})
    rows[FactsVersion].append({"user_id": key.user_id, "version": 1})


def _add_account(
    rows: Rows, user_id: UUID, seal: Seal, source: str, told: Mapping[str, float], read_at: datetime
) -> None:
    rows[LinkedAccount].append(
        {
            "user_id": user_id,
            "id": new_id(),
            "provider": source,
            "subject_index": new_id().bytes,
            "status": LinkStatus.ACTIVE,
            "scopes": [],
            "linked_at": read_at,
        }
    )
    rows[Reading].append(
        {
            "user_id": user_id,
            "id": new_id(),
            "source": source,
            "facts_sealed": seal.close(list(_facts(told, read_at)), readings.PLACE),
            "read_at": read_at,
            "simulated": True,
        }
    )


def _facts(told: Mapping[str, float], observed_at: datetime) -> Iterator[list[object]]:
    for name, value in told.items():
        if not np.isnan(value):
            yield [name, value, observed_at.isoformat()]
