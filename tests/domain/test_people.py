"""People: numbers of any country, masked for showing, and one user for each."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import delete

from domain.people import phones, profiles, users
from infra import vault
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.regions import is_region
from infra.vault import PersonKey
from tests.phones import new_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+8613800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("+44 7911 123456", "+447911123456"),
        ("+1 (202) 555-0143", "+12025550143"),
        ("＋８６ １３８００１３８０００", "+8613800138000"),
        ("+52 55 1234 5678", "+525512345678"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+54 9 11 2345 6789", "+5491123456789"),
        ("+54 11 2345 6789", "+5491123456789"),
        ("+54 11 15 2345 6789", "+5491123456789"),
        ("+39 02 1234 5678", "+390212345678"),
    ],
)
def test_a_number_is_written_one_way(text: str, number: str) -> None:
    assert phones.parse(text) == number


@pytest.mark.parametrize(
    "text", ["", "13800138000", "+86", "+861380013800", "+99912345678", "phone", "+86" + "1" * 300]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match=r"^INVALID$") as refused:
        phones.parse(text)
    assert refused.value.field == ("input", "phone")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800138000", "+86 138****8000"),
        ("+447911123456", "+44 791****3456"),
        ("+3545885522", "+354 5****22"),
        ("+2250123456789", "+225 012****6789"),
        ("+24106031234", "+241 0****34"),
        ("+390212345678", "+39 021****5678"),
    ],
)
def test_a_number_is_shown_by_its_ends(number: str, shown: str) -> None:
    assert phones.masked(number) == shown


def test_limits_go_by_range_and_country() -> None:
    assert phones.prefix("+8613800138000") == "+861380013"
    assert phones.country("+12025550143") == "1"
    assert len(phones.index("+12025550143")) == 32


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


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(2000, 11, 22), date(2018, 11, 21), 17),
        (date(2000, 11, 22), date(2018, 11, 22), 18),
    ],
)
def test_a_birthday_counts_on_its_day(born: date, today: date, age: int) -> None:
    assert profiles.age_on(born, today) == age


def test_a_profile_has_no_other_parts() -> None:
    with pytest.raises(AssertionError, match="not part of a profile"):
        profiles._checked("star_sign", "x", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("code", "is_so"), [("CN-SH", True), ("CN-00", False), ("US-CA", True), ("QQ-1", False), ("x", False)]
)
def test_a_region_is_known_by_its_country(code: str, is_so: bool) -> None:
    assert is_region(code) is is_so
