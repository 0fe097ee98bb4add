"""Whoever begins anew with their phone number finds spent what they had spent: by saying that it is new to them, or erased."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.actors import UserActor
from domain.people import putting_away, users
from domain.people.users import User
from domain.privacy import erasing
from infra import clock
from infra.database import Db, transaction
from infra.errors import RefusalCode
from infra.ids import new_id
from membership import joining
from tests.membership.test_redeeming import cancel, left, redeem, refusal
from tests.phones import new_number

Anew = Callable[[Db, User, str], Awaitable[User]]
ONCE, MONTHLY, GIVEN_BACK = "welcome-voucher", "city-ride", "cinema-ticket"


async def saying_that_it_is_new(db: Db, user: User, number: str) -> User:
    return await putting_away.start_afresh(db, user)


async def erased(db: Db, user: User, number: str) -> User:
    await erasing.erase(db, user.id)
    return await users.register(db, number)


async def member(number: str) -> UserActor:
    async with transaction() as db:
        user = await users.register(db, number)
        await joining.join(db, user.id)
    return UserActor(user.id, new_id())


async def anew(how: Anew, before: UserActor, number: str, days: int = 0) -> UserActor:
    async with transaction() as db:
        clock.freeze(db, await clock.now(db) + timedelta(days=days))
        user = await how(db, await db.get_one(User, before.user_id), number)
        await joining.join(db, user.id)
    return UserActor(user.id, new_id())


@pytest.mark.parametrize("how", [saying_that_it_is_new, erased])
async def test_a_number_has_no_more_than_its_quota_however_often_somebody_begins_anew(how: Anew) -> None:
    number = new_number()
    first = await member(number)
    _, ride, ticket = [await redeem(first, code) for code in (ONCE, MONTHLY, GIVEN_BACK)]
    await cancel(first, ticket)
    second = await anew(how, first, number)
    assert [await left(second, code) for code in (ONCE, MONTHLY, GIVEN_BACK)] == [0, 1, 1]
    assert (await refusal(redeem(second, ONCE))).code is RefusalCode.QUOTA_SPENT
    await redeem(second, MONTHLY)
    if how is saying_that_it_is_new:
        await cancel(first, ride)  # the number is nobody's any more who could give it back
    third = await anew(how, second, number)
    assert await left(third, MONTHLY) == 0
    for days, is_whole in ((62, [0, 2]), (400, [1, 2])):
        third = await anew(how, third, number, days)
        assert [await left(third, code) for code in (ONCE, MONTHLY)] == is_whole
    assert await left(await member(new_number()), ONCE) == 1
