"""Signing in to the console, or to a partner's pages: password and TOTP together, with one answer for everything that is wrong.

Tries are counted by place, so that a stranger's are a stranger's: see `code_limits`, which does the same for phones.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.people import authenticators, places, staff, staff_sessions
from domain.people.codes import as_digits
from domain.people.places import KNOWN_FOR, SHARES_OF_HUNDRED, KnownDevice, Place
from domain.people.staff import Staff, Workplace
from domain.people.staff_sessions import StaffSession
from infra import clock, counters, hashing
from infra.counters import Use, by_network
from infra.database import Db, reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from infra.words import N_

PER_PLACE = Rate(times=10, seconds=900)
# Of one account in a day, from all strange places, known networks and known devices: a hundred together, and none ends another.
IN_A_DAY = {sharers: Rate(times=times, seconds=86_400) for sharers, times in SHARES_OF_HUNDRED.items()}
PER_IP = Rate(times=300, seconds=300)  # an office shares one address; strangers there use up nobody else's
NOBODY = UUID(int=0)
PROOF_LENGTH_MAX = 512  # characters of each, which a door reads


@dataclass(frozen=True)
class SignedIn:
    """`device_token` says next time that somebody has signed in with this device before."""

    token: str
    expires_at: datetime
    device_token: str


async def sign_in(
    *,
    email: str,
    password: str,
    code: str,
    ip: str,
    device_token: str | None = None,
    at: Workplace = Workplace.HERE,
) -> SignedIn:
    """A session for whoever works there. Refuses NOT_ALLOWED, and RATE_LIMITED with the time from which to try again.

    The try is committed before anything is compared, and argon2 runs between two transactions, not inside one.
    """
    async with reading() as db:
        place = await _place_of(db, email, await staff.find(db, email, at), ip, device_token)
    try:
        with hashing.place_for(ip, place.mark.hex() if place.is_known else None) as run:
            async with transaction() as db:
                member, now = await staff.find(db, email, at), await authenticators.authenticator_time(db)
                tries = await _take_try(db, email, place, ip)
            step = await run(staff.proven_step, member, password, as_digits(code), now)
    except hashing.HashingFull:
        raise await _busy() from None
    if member is None or step is None:
        raise _wrong()
    async with transaction() as db:
        session = await _begin_once(db, member, step, ip, tries)
    if session is None:
        raise _wrong()
    return session


async def _begin_once(db: Db, member: Staff, step: int, ip: str, tries: list[Use]) -> SignedIn | None:
    """Begin a session, once; None where the code was used before, which was no guess and is held against nobody."""
    await counters.give_back(db, tries)
    if not await staff.use_step(db, member, step):
        return None
    await counters.forget(db, tries[:1])
    token, expires_at = await staff_sessions.begin(db, member, places.network_mark(member.id.bytes, ip))
    return SignedIn(token, expires_at, places.device_token(KnownDevice(member.id, uuid4()), staff.proof_of(member)))


async def _take_try(db: Db, email: str, place: Place, ip: str) -> list[Use]:
    """Count one try. The row lock puts parallel ones in line, so no more than the rate ever reach the comparison."""
    from_here = Use(PER_PLACE, "staff-try", f"{staff.index(email).hex()} {place.mark.hex()}")
    tries = [from_here, _in_a_day(email, place.sharers)]
    if retry_at := await counters.take(db, [*by_network(PER_IP, f"staff-ip-{place.sharers}", ip), *tries]):
        raise _too_often(retry_at)
    return tries


def _in_a_day(email: str, sharers: str) -> Use:
    return Use(IN_A_DAY[sharers], f"staff-{sharers}", staff.index(email).hex())


async def forget_tries(db: Db, email: str) -> None:
    """Forget the tries of whole days; the others are over in minutes."""
    await counters.forget(db, [_in_a_day(email, sharers) for sharers in IN_A_DAY])


async def _place_of(db: Db, email: str, member: Staff | None, ip: str, device_token: str | None) -> Place:
    """As many questions for an address that nobody has."""
    account = member.id if member else NOBODY
    network, since = places.network_mark(account.bytes if member else staff.index(email), ip), await clock.now(db)
    here = select(StaffSession.staff_id).where(
        StaffSession.staff_id == account, StaffSession.place == network, StaffSession.created_at > since - KNOWN_FOR
    )
    is_known = (await db.execute(here.limit(1))).first() is not None
    device = places.device_of(device_token, staff.proof_of(member)) if member else None
    if device and device.owner_id == account:
        return Place(device.mark, is_known=True, is_device=True)
    return Place(network, is_known=is_known)


def _wrong() -> Refusal:
    """The one refusal of an unknown address, a wrong password, and a code that is wrong or was used."""
    return Refusal(RefusalCode.NOT_ALLOWED, N_("E-mail address, password or code is wrong."))


def _too_often(retry_at: datetime) -> Refusal:
    return Refusal(
        RefusalCode.RATE_LIMITED, N_("Too many tries to sign in. Please try again later."), retry_at=retry_at
    )


async def _busy() -> Refusal:
    async with transaction() as db:
        return _too_often(await clock.now(db) + timedelta(seconds=1))
