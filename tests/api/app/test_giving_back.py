"""An account that was put away with its number is given back to its owner, whatever happens to the one that they began since."""

import asyncio

from sqlalchemy import text

from domain.people import putting_away
from domain.people.users import User
from infra.database import reading, transaction
from tests.api.app.test_identity import verify
from tests.api.app.test_newcomers import begun_afresh, is_put_away
from tests.patience import until
from tests.phones import NewPhone, Phone

ASKED = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


async def somebody_waits() -> bool:
    async with reading() as db:
        return bool((await db.execute(ASKED)).scalar_one())


async def test_it_is_asked_for_while_the_other_is_just_put_away(member: Phone, new_phone: NewPhone) -> None:
    """Both take the number first, then its person, then their session, so that neither waits for the other for ever."""
    number, back = await begun_afresh(member, new_phone)
    former = member.user_id
    async with transaction() as db:
        await putting_away.wait_for_sign_ins(db, back.user_id)
        verifying = asyncio.create_task(verify(back, number))
        await until(somebody_waits)
        await db.execute(text("SET LOCAL lock_timeout = '300ms'"))  # whoever comes second holds nothing that we need
        await putting_away.put_away(db, await db.get_one(User, back.user_id, with_for_update=True))
    assert (await verifying)["code"] == "SESSION_ENDED"
    assert await is_put_away(former) and await is_put_away(back.user_id)
