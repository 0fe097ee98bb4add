"""Signing in: a code to a phone, a session for the right answer, new tokens for old, and out again."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.people import (
    answering,
    beginning,
    challenges,
    changing_phone,
    code_limits,
    phones,
    places,
    putting_away,
    second_signing,
    sessions,
    users,
)
from domain.people.challenges import Challenge, CodePurpose
from domain.people.codes import as_digits
from domain.people.second_signing import HalfSignedIn
from domain.people.sessions import Session
from domain.people.users import Phone, User
from infra import clock, outbox, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.settings import settings
from infra.words import N_, Locale

RETRY_WINDOW = timedelta(seconds=60)
DEVICE_NAME_MAX = 100


async def request_code(
    db: Db,
    *,
    phone: str,
    ip: str,
    locale: Locale,
    device_token: str | None = None,
    purpose: CodePurpose = CodePurpose.SIGN_IN,
    actor: UserActor | None = None,
) -> Challenge:
    """A new challenge; the worker sends its code. Known and unknown numbers are treated alike.

    A code that stops a change of phone is sent again to the old number, and to no other. Refuses INVALID for a number that no
    code is sent to, RATE_LIMITED, and NOT_ALLOWED a purpose that needs a session, or this person's own number, or another.
    """
    number = phones.parse(phone)
    phones.refuse_unreachable(number)
    index = phones.index(number)
    needs_session = purpose in (CodePurpose.CHANGE_PHONE, CodePurpose.STEP_UP)
    if needs_session:
        await _refuse_purpose(db, actor, purpose, index)
    await code_limits.one_at_a_time(db, index)
    place = await code_limits.place_of(db, index, ip, device_token)
    await code_limits.refuse_too_many_codes(db, number, place, ip)
    now, device = await clock.now(db), places.device_of(device_token)
    challenge = Challenge(
        phone_index=index,
        phone_sealed=vault.system_seal().close(number, challenges.PHONE),
        locale=locale,
        created_at=now,
        expires_at=now + challenges.LASTS,
        resend_at=now + timedelta(seconds=settings().code_limits.resend_seconds),
        place=place.mark,
        is_known_place=place.is_known,
        is_known_device=place.is_device,
        purpose=purpose,
        session_id=actor.session_id if actor and needs_session else None,
        device_id=device.id if device else None,
    )
    db.add(challenge)
    await db.flush()
    # Whoever asks is not told whether there is anything to stop.
    if purpose is not CodePurpose.STOP_CHANGE or await changing_phone.is_stoppable(db, index):
        await outbox.announce(db, challenges.CREATED, subject_id=challenge.id)
    return challenge


async def _refuse_purpose(db: Db, actor: UserActor | None, purpose: CodePurpose, index: bytes) -> None:
    if actor is None:
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("Please sign in first."), field=("input", "purpose"))
    own = select(Phone.index).where(Phone.user_id == actor.user_id)
    is_own = (await db.execute(own)).scalar_one_or_none() == index
    if purpose is CodePurpose.STEP_UP and not is_own:
        sentence = N_("This code goes to the number of your account alone.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=phones.FIELD)
    if purpose is CodePurpose.CHANGE_PHONE and is_own:
        raise Refusal(RefusalCode.NOT_ALLOWED, N_("This is your number already."), field=phones.FIELD)


async def sign_in(
    db: Db, *, challenge_id: UUID, code: str, device_name: str, key: str, ip: str = ""
) -> Session | HalfSignedIn | Refusal:
    """A session for the right code, or what is asked for besides; the person is registered at the first one. A wrong code
    is counted, so it is returned."""
    code = as_digits(code)
    check_device_name(device_name)
    receipt = await receipts.claim(
        db,
        actor=f"challenge:{challenge_id}",
        operation="signIn",
        key=key,
        input={"challengeId": challenge_id, "code": vault.mac("code", code.encode()).hex(), "deviceName": device_name},
    )
    if receipt.result_id is not None:
        return await _same_session(db, challenge_id, receipt.result_id)
    challenge = await answering.compare(db, challenge_id, code, CodePurpose.SIGN_IN)
    if isinstance(challenge, Refusal):
        await db.delete(receipt)
        return challenge
    await changing_phone.refuse_held(db, challenge.phone_index)
    user = await users.find_or_register(db, challenges.phone_of(challenge))
    signed_in = await second_signing.ask_for_more(db, user, challenge)
    if isinstance(signed_in, HalfSignedIn):
        await db.delete(receipt)
        return signed_in
    await answering.settle(db, challenge)
    session = await beginning.begin(db, signed_in, challenge, device_name, ip)
    receipt.result_id = session.id
    return session


def check_device_name(name: str) -> None:
    """Refuses INVALID a name that is too long, or none."""
    if not 1 <= len(name) <= DEVICE_NAME_MAX:
        raise invalid(N_("A device name has 1 to {most} characters."), ("input", "deviceName"), most=DEVICE_NAME_MAX)


async def _same_session(db: Db, challenge_id: UUID, session_id: UUID) -> Session:
    """The answer of the first time, for as long as the code would have lived and the tokens were not renewed."""
    now = await clock.now(db)
    challenge = await db.get_one(Challenge, challenge_id)
    user = await users.find_by_phone(db, challenge.phone_index)
    session = await db.get(Session, (user.id, session_id)) if user else None
    if session is None or now >= challenge.expires_at or not session.is_live(now) or session.generation > 0:
        raise answering.expired()
    return session


async def refresh(db: Db, *, refresh_token: str, key: str, ip: str = "") -> Session | Refusal:
    """New tokens for the newest refresh token.

    The pair (old token, key) answers the same tokens for a minute, until they are used: replies get lost in lifts.
    Any other use of an old token means that two hold it, and ends the session.
    """
    receipts.check_key(key)
    token = sessions.read_refresh_token(refresh_token)
    session = token and await sessions.locked(db, token.user_id, token.session_id)
    now = await clock.now(db)
    if not token or not session or token.generation > session.generation:
        raise sessions.over()
    if not session.is_live(now):
        raise await _over(db, session)
    if token.generation == session.generation:
        session.place = await _network_mark(db, session.user_id, ip)
        return _renew(session, key, now)
    if _is_retry(token, session, key, now):
        return session
    await sessions.end(db, session)
    await outbox.announce(db, sessions.REUSED, user_id=session.user_id, subject_id=session.id)
    return sessions.over()


async def _over(db: Db, session: Session) -> Refusal:
    """Why they were signed out; the devices of an account that was put away are the only ones that can tell its owner so."""
    user = await db.get_one(User, session.user_id)
    return sessions.over() if user.put_away_at is None else putting_away.over()


async def _network_mark(db: Db, user_id: UUID, ip: str) -> bytes | None:
    index = (await db.execute(select(Phone.index).where(Phone.user_id == user_id))).scalar_one_or_none()
    return places.network_mark(index, ip) if index else None


def _renew(session: Session, key: str, now: datetime) -> Session:
    session.used_generation = session.generation
    session.generation += 1
    session.renewed_at = now
    session.expires_at = now + timedelta(days=settings().refresh_days)
    session.renewal_key = _fingerprint(key)
    return session


def _is_retry(token: sessions.RefreshToken, session: Session, key: str, now: datetime) -> bool:
    return (
        token.generation == session.generation - 1
        and session.used_generation < session.generation
        and now - session.renewed_at <= RETRY_WINDOW
        and hmac.compare_digest(session.renewal_key or "", _fingerprint(key))
    )


def _fingerprint(key: str) -> str:
    return vault.mac("renewal", key.encode()).hex()


async def sign_out(db: Db, actor: UserActor) -> Session:
    session = await sessions.locked(db, actor.user_id, actor.session_id)
    assert session is not None, "the actor came from this session"
    await sessions.end(db, session)
    return session
