"""A master key rotates by the README's recipe under machines that are a step apart, and no older key goes while it is needed."""

from collections.abc import AsyncIterator, Callable
from importlib import import_module
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner

from api.cli import app
from infra import vault
from infra.database import reading, transaction
from infra.ids import new_id
from infra.keys import Keyring, _from_settings, keyring
from infra.settings import Settings
from infra.vault import PersonKey
from tests.production import KEY

SECOND = "c2Vjb25kLi4uc2Vjb25kLi4uc2Vjb25kLi4uc2Vjb24="
keys: Any = import_module("api.cli.keys")  # the package has the command under this name


def settings_of(*versions: int, sealing: int | None) -> Keyring:
    """What a process with these settings has."""
    given = {str(version): {1: KEY, 2: SECOND}[version] for version in versions}
    return _from_settings(
        Settings.model_validate({"master_keys": given, "sealing_key": sealing, "index_key": KEY, "token_key": KEY})
    )


@pytest.fixture(autouse=True)
async def nobody_else() -> AsyncIterator[None]:
    """Persons of other tests have keys that these machines do not know: they stand aside."""
    async with transaction() as db:
        others = list((await db.execute(select(PersonKey))).scalars())
        kept = [(row.user_id, row.wrapped, row.version) for row in others]
        await db.execute(delete(PersonKey))
    yield
    async with transaction() as db:
        await db.execute(delete(PersonKey))
        db.add_all(PersonKey(user_id=user_id, wrapped=wrapped, version=version) for user_id, wrapped, version in kept)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Keyring], None]:
    """From now on this is the machine that works."""
    return lambda ring: monkeypatch.setattr(vault, "keyring", lambda: ring)


async def register() -> tuple[UUID, bytes]:
    async with transaction() as db:
        row = vault.new_person_key(new_id())
        db.add(row)
        return row.user_id, vault.seal_with(row).close("secret", "a.b")


async def opens(person: tuple[UUID, bytes]) -> bool:
    async with reading() as db:
        return bool((await vault.seal_of(db, person[0])).open(person[1], "a.b") == "secret")


async def rewrap_all() -> tuple[int, dict[int, int]]:
    """As the command does, with this process's engine left open."""
    done = 0
    while wrapped := await keys._rewrap_some():
        done += wrapped
    async with reading() as db:
        return done, await vault.count_old(db)


RECIPE = [
    settings_of(1, sealing=None),
    settings_of(1, 2, sealing=1),
    settings_of(1, 2, sealing=2),
    settings_of(2, sealing=2),
]


async def test_the_recipe_loses_nobody_on_machines_a_step_apart(at: Callable[[Keyring], None]) -> None:
    people: list[tuple[UUID, bytes]] = []
    for before, after in pairwise(RECIPE):
        if after is RECIPE[-1]:
            at(before)
            assert (await rewrap_all())[1] == {}, "step 3, before the old key goes"
        for machine in (before, after, before):
            at(machine)
            people.append(await register())
            for reader in (before, after):
                at(reader)
                assert all([await opens(person) for person in people])
    async with reading() as db:
        versions = (await db.execute(select(PersonKey.version).distinct())).scalars()
        assert set(versions) == {2}


async def test_a_machine_that_was_forgotten_is_noticed(at: Callable[[Keyring], None]) -> None:
    forgotten, moved = RECIPE[1], RECIPE[2]
    at(forgotten)
    people = [await register() for _ in range(3)]
    at(moved)
    assert await rewrap_all() == (3, {})
    at(forgotten)
    people.append(await register())
    at(moved)
    async with reading() as db:
        assert await vault.count_old(db) == {1: 1}
    assert await rewrap_all() == (1, {})
    assert all([await opens(person) for person in people])


async def test_what_an_unknown_key_wraps_is_counted_and_left_alone(at: Callable[[Keyring], None]) -> None:
    at(RECIPE[2])
    known, strange = await register(), await register()
    async with transaction() as db:
        await db.execute(update(PersonKey).where(PersonKey.user_id == strange[0]).values(version=7))
    assert await rewrap_all() == (0, {7: 1})
    assert await opens(known)
    async with transaction() as db:
        await db.execute(update(PersonKey).where(PersonKey.user_id == strange[0]).values(version=2))
    assert await opens(strange)


async def test_somebody_at_work_on_a_person_is_counted_as_left(at: Callable[[Keyring], None]) -> None:
    at(RECIPE[1])
    person = await register()
    at(RECIPE[2])
    async with transaction() as held:
        await held.execute(select(PersonKey).where(PersonKey.user_id == person[0]).with_for_update())
        assert await rewrap_all() == (0, {1: 1})
    assert await rewrap_all() == (1, {})


def test_knowing_a_key_is_not_enough_to_seal_with_it() -> None:
    with pytest.raises(ValueError, match="LONGAN_SEALING_KEY should say which of the master keys 1, 2 seals"):
        settings_of(1, 2, sealing=None)
    with pytest.raises(ValueError, match="LONGAN_SEALING_KEY should be one of the master keys, which are 2"):
        settings_of(2, sealing=1)
    assert settings_of(1, 2, sealing=1).sealing == 1


@pytest.mark.parametrize(("left", "code"), [({}, 0), ({1: 40, 7: 2}, 1)])
def test_the_command_ends_well_only_when_no_other_key_is_needed(
    monkeypatch: pytest.MonkeyPatch, left: dict[int, int], code: int
) -> None:
    async def rewrapped(at: object) -> tuple[int, dict[int, int]]:
        return 5, left

    monkeypatch.setattr(keys, "_rewrap_all", rewrapped)
    done = CliRunner().invoke(app, ["keys", "rewrap"])
    sealing = keyring().sealing
    assert done.exit_code == code
    assert f"5 wrapped under key {sealing}" in done.output
    assert ("40 under key 1, 2 under key 7. Keep these keys." in done.stderr) == (code == 1)
    assert (f"wrapped under key {sealing}; no other is needed any more." in done.stdout) == (code == 0)
