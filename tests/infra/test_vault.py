"""The vault: what is sealed opens at its own place, for its own person, and never again once the key is destroyed."""

from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import delete

from infra import keys, vault
from infra.database import reading, transaction
from infra.ids import new_id
from infra.keys import keyring
from infra.settings import Settings
from infra.vault import PersonKey


async def somebody() -> UUID:
    async with transaction() as db:
        key = vault.new_person_key(new_id())
        db.add(key)
        return key.user_id


async def test_what_is_sealed_opens_again() -> None:
    user_id = await somebody()
    async with reading() as db:
        seal = await vault.seal_of(db, user_id)
        assert await vault.seal_of(db, user_id) is seal
    for value in ("+8613800138000", {"a": [1, None, 0.5]}, None, "龙眼"):
        assert seal.open(seal.close(value, "users.phone"), "users.phone") == value


async def test_the_same_value_never_looks_the_same() -> None:
    async with reading() as db:
        seal = await vault.seal_of(db, await somebody())
    assert seal.close("x", "a.b") != seal.close("x", "a.b")


async def test_a_seal_opens_nowhere_else() -> None:
    mine, theirs = await somebody(), await somebody()
    async with reading() as db:
        seals = await vault.seals_of(db, {mine, theirs, new_id()})
    assert set(seals) == {mine, theirs}
    sealed = seals[mine].close("secret", "users.phone")
    with pytest.raises(InvalidTag):
        seals[mine].open(sealed, "sessions.device_name")
    with pytest.raises(InvalidTag):
        seals[theirs].open(sealed, "users.phone")
    with pytest.raises(InvalidTag):
        vault.system_seal().open(sealed, "users.phone")


async def test_one_changed_bit_is_noticed() -> None:
    async with reading() as db:
        seal = await vault.seal_of(db, await somebody())
    sealed = bytearray(seal.close("secret", "a.b"))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        seal.open(bytes(sealed), "a.b")


async def test_whoever_was_erased_stays_erased() -> None:
    user_id = await somebody()
    async with transaction() as db:
        await db.execute(delete(PersonKey).where(PersonKey.user_id == user_id))
    async with reading() as db:
        with pytest.raises(LookupError):
            await vault.seal_of(db, user_id)
        assert await vault.seals_of(db, {user_id}) == {}


def test_a_blind_index_is_keyed_and_of_its_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    index = vault.blind_index("phone", "+8613800138000")
    assert index == vault.blind_index("phone", "+8613800138000")
    assert len(index) == 32
    assert len({index, vault.blind_index("phone", "+8613800138001"), vault.blind_index("ip", "+8613800138000")}) == 3
    monkeypatch.setattr(vault, "keyring", lambda: replace(keyring(), index=b"other" * 6 + b"xx"))
    assert vault.blind_index("phone", "+8613800138000") != index


def test_keys_come_from_settings_where_they_are_given() -> None:
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    given = Settings.model_validate(
        {"master_keys": {"1": key, "12": key}, "sealing_key": 12, "index_key": key, "token_key": key}
    )
    ring = keys._from_settings(given)
    assert ring.sealing == 12
    assert ring.index == b"01234567890123456789012345678901"


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keys._decode("c2hvcnQ=")
