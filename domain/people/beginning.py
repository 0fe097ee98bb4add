"""Beginning a session: for the right answer to a challenge, seen with its network and device."""

from domain.people import challenges, places, sessions
from domain.people.challenges import Challenge
from domain.people.sessions import Session
from domain.people.users import User
from domain.risk import sightings
from infra.database import Db


async def begin(db: Db, user: User, challenge: Challenge, device_name: str, ip: str) -> Session:
    place = places.network_mark(challenge.phone_index, ip)
    session = await sessions.begin(db, user.id, device_name, place, challenges.language_of(challenge))
    is_new = user.created_at >= challenge.created_at
    await sightings.of_session(db, user.id, session.id, ip, device_id=challenge.device_id, is_new=is_new)
    return session
