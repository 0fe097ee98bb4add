"""One user for each number, and no number for whoever was erased."""

import asyncio

import pytest
from sqlalchemy import delete

from domain.people import users
from infra import vault
from infra.database import reading, transaction
from infra.vault import PersonKey
from tests.phones import new_number


async def test_ten_first_sign_ins_at_once_make_one_user() -> None:
    number = new_number()

    async def register() -> users.User:
        async with transaction() as db:
            return await users.find_or_register(db, number)

    found = await asyncio.gather(*(register() for _ in range(10)))
    assert len({user.id for user in found}) == 1
    async with reading() as db:
        assert (await users.masked_phones(db, {found[0].id})).values()


async def test_who_was_erased_has_no_number() -> None:
    async with transaction() as db:
        user = await users.find_or_register(db, new_number())
    async with transaction() as db:
        await db.execute(delete(PersonKey).where(PersonKey.user_id == user.id))
    async with reading() as db:
        assert await users.masked_phones(db, {user.id}) == {}
        with pytest.raises(LookupError):
            await vault.seal_of(db, user.id)
