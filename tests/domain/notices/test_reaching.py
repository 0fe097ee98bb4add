"""Whom an advertisement may reach, counted in one statement, is whom the gate lets be told."""

from itertools import product
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.notices import contacting, reaching
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.devices import DevicePlatform, PushDevice
from domain.notices.preferences import ContactPreference
from domain.people import users
from domain.people.users import UserStatus
from infra import clock
from infra.database import Db
from infra.ids import new_id
from tests.trying import rolled_back

COUNTED = text(f"""
    SELECT member.user_id FROM unnest(CAST(:people AS uuid[])) AS member (user_id) {reaching.JOINED}
     WHERE {reaching.MAY_BE_TOLD}
""")
WISHES = (None, True, False)


async def person(db: Db, number: int, wishes: tuple[bool | None, bool | None], is_free: bool, rings: bool) -> UUID:
    user = await users.register(db, f"+86138{number:08}")
    if not is_free:
        user.status = UserStatus.RESTRICTED
    ways = (NoticeChannel.APP, NoticeChannel.PUSH)
    said = {f"MARKETING:{way}": wish for way, wish in zip(ways, wishes, strict=True) if wish is not None}
    if said:
        db.add(ContactPreference(user_id=user.id, choices=said))
    if rings:
        device = PushDevice(
            user_id=user.id,
            session_id=new_id(),
            platform=DevicePlatform.FCM,
            token_index=uuid4().bytes,
            token_sealed=b"",
            registered_at=await clock.now(db),
        )
        db.add(device)
    await db.flush()
    return user.id


async def is_let_through(db: Db, user_id: UUID, rings: bool) -> bool:
    """By the gate, at an hour at which it lets advertisements through at all."""
    noon = (await clock.now(db)).replace(hour=4, minute=0)
    ways = (NoticeChannel.APP, NoticeChannel.PUSH) if rings else (NoticeChannel.APP,)
    answers = [await contacting.may_contact(db, user_id, NoticeClass.MARKETING, way, noon) for way in ways]
    return any(answer.is_allowed for answer in answers)


async def test_it_is_the_gates_answer() -> None:
    async with rolled_back() as db:
        wanted = {}
        for number, (app, push, is_free, rings) in enumerate(product(WISHES, WISHES, (True, False), (True, False))):
            user_id = await person(db, 70_000_000 + number, (app, push), is_free, rings)
            wanted[user_id] = await is_let_through(db, user_id, rings)
        nobody = new_id()
        counted = {*(await db.execute(COUNTED, {"people": [*wanted, nobody]})).scalars()}
    assert counted == {user_id for user_id, is_allowed in wanted.items() if is_allowed}
    assert 0 < len(counted) < len(wanted)
