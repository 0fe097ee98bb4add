"""Signing in: a code to a phone, a session for the right answer, new tokens for old, and out again."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from domain.actors import UserActor
from domain.people import challenges, phones, sessions, users
from domain.people.challenges import Challenge
from domain.people.sessions import Session
from infra import clock, limiter, outbox, receipts, vault
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.settings import Rate, settings
from infra.words import N_, Locale

RETRY_WINDOW = timedelta(seconds=60)
DEVICE_NAME_MAX = 100


async def request_code(db: Db, *, phone: str, ip: str, locale: Locale) -> Challenge:
    """A new challenge; the worker sends its code. Known and unknown numbers are treated alike. Refuses RATE_LIMITED."""
    number = phones.parse(phone)
    now = await clock.now(db)
    index = phones.index(number)
    await _one_at_a_time(db, index)
    await _keep_limits(db, number, index, ip, now)
    challenge = Challenge(
        phone_index=index,
        phone_sealed=vault.house_seal().close(number, challenges.PHONE),
        locale=locale,
        created_at=now,
        expires_at=now + challenges.LASTS,
        resend_at=now + timedelta(seconds=settings().code_limits.resend_seconds),
    )
    db.add(challenge)
    await db.flush()
    await outbox.announce(db, challenges.CREATED, subject_id=challenge.id)
    return challenge


async def _one_at_a_time(db: Db, phone_index: bytes) -> None:
    """Parallel requests for one phone wait for each other, so that none slips past the count."""
    lock = int.from_bytes(phone_index[:8], signed=True)
    await db.execute(select(func.pg_advisory_xact_lock(lock)))


async def _keep_limits(db: Db, phone: str, index: bytes, ip: str, now: datetime) -> None:
    limits = settings().code_limits
    asked = await challenges.asked_since(db, index, now - timedelta(seconds=limits.per_phone.seconds))
    if asked and asked[-1].resend_at > now:
        raise _too_often(asked[-1].resend_at)
    if len(asked) >= limits.per_phone.times:
        raise _too_often(asked[-limits.per_phone.times].created_at + timedelta(seconds=limits.per_phone.seconds))
    await _refuse_after_failures(db, index, now)
    shared: list[tuple[Rate, str, str]] = [
        (limits.per_ip, "code-ip", ip),
        (limits.per_prefix, "code-prefix", phones.prefix(phone)),
        (limits.per_country, "code-country", phones.country(phone)),
    ]
    for rate, name, value in shared:
        # Valkey sees a keyed hash, never an address or a number.
        if retry_at := await limiter.wait_after(rate, name, vault.blind_index(name, value).hex()[:32], now=now):
            raise _too_often(retry_at)


async def _refuse_after_failures(db: Db, phone_index: bytes, now: datetime) -> None:
    rate = settings().code_limits.failures_per_phone
    since = now - timedelta(seconds=rate.seconds)
    if await challenges.failures_since(db, phone_index, since) >= rate.times:
        raise _too_often(now + timedelta(seconds=rate.seconds))


def _too_often(retry_at: datetime) -> Refusal:
    return Refusal(
        RefusalCode.RATE_LIMITED,
        N_("Too many codes were asked for. Please try again later."),
        field=("input", "phone"),
        retry_at=retry_at,
    )


async def sign_in(db: Db, *, challenge_id: UUID, code: str, device_name: str, key: str) -> Session | Refusal:
    """A session for the right code; the person is registered at the first one. A wrong code is counted, so it is returned."""
    if not 1 <= len(device_name) <= DEVICE_NAME_MAX:
        raise invalid(N_("A device name has 1 to {most} characters."), ("input", "deviceName"), most=DEVICE_NAME_MAX)
    receipt = await receipts.claim(
        db,
        actor=f"challenge:{challenge_id}",
        operation="signIn",
        key=key,
        input={"challengeId": challenge_id, "code": vault.mac("code", code.encode()).hex(), "deviceName": device_name},
    )
    if receipt.result_id is not None:
        return await _same_session(db, challenge_id, receipt.result_id)
    challenge = await challenges.take_try(db, challenge_id)
    if challenge is None:
        raise _expired()
    if not hmac.compare_digest(challenges.code_of(challenge).encode(), code.encode()):
        await db.delete(receipt)
        return _wrong(challenge)
    return await _begin_session(db, challenge, device_name, receipt)


async def _begin_session(db: Db, challenge: Challenge, device_name: str, receipt: receipts.Receipt) -> Session:
    challenge.answered_at = await clock.now(db)
    user = await users.find_or_register(db, challenges.phone_of(challenge))
    session = await sessions.begin(db, user.id, device_name)
    receipt.result_id = session.id
    return session


async def _same_session(db: Db, challenge_id: UUID, session_id: UUID) -> Session:
    """The answer of the first time, for as long as the code would have lived and the tokens were not renewed."""
    now = await clock.now(db)
    challenge = await db.get_one(Challenge, challenge_id)
    user = await users.find_by_phone(db, challenge.phone_index)
    session = await db.get(Session, (user.id, session_id)) if user else None
    if session is None or now >= challenge.expires_at or not session.is_live(now) or session.generation > 0:
        raise _expired()
    return session


def _expired() -> Refusal:
    return Refusal(
        RefusalCode.CODE_EXPIRED, N_("This code is no longer valid. Please ask for a new one."), field=("input", "code")
    )


def _wrong(challenge: Challenge) -> Refusal:
    left = challenges.COMPARED_MAX - challenge.compared
    if left == 0:
        return Refusal(
            RefusalCode.CODE_WRONG, N_("This code is wrong. Please ask for a new one."), field=("input", "code")
        )
    return Refusal(
        RefusalCode.CODE_WRONG, N_("This code is wrong. Tries left: {left}."), field=("input", "code"), left=left
    )


async def refresh(db: Db, *, refresh_token: str, key: str) -> Session | Refusal:
    """New tokens for the newest refresh token.

    The pair (old token, key) answers the same tokens for a minute, until they are used: replies get lost in lifts.
    Any other use of an old token means that two hold it, and ends the session.
    """
    if not 8 <= len(key) <= 128:
        raise invalid(N_("An idempotency key has 8 to 128 characters."), ("input", "idempotencyKey"))
    token = sessions.read_refresh_token(refresh_token)
    session = token and await sessions.locked(db, token.user_id, token.session_id)
    now = await clock.now(db)
    if not token or not session or not session.is_live(now) or token.generation > session.generation:
        raise _ended()
    if token.generation == session.generation:
        return _renew(session, key, now)
    if _is_retry(token, session, key, now):
        return session
    await sessions.end(db, session)
    await outbox.announce(db, sessions.REUSED, user_id=session.user_id, subject_id=session.id)
    return _ended()


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


def _ended() -> Refusal:
    return Refusal(RefusalCode.SESSION_ENDED, N_("You were signed out. Please sign in again."))


async def sign_out(db: Db, actor: UserActor) -> Session:
    session = await sessions.locked(db, actor.user_id, actor.session_id)
    assert session is not None, "the actor came from this session"
    if session.ended_at is None:
        await sessions.end(db, session)
        # Open subscriptions hear of it at once, and end.
        await outbox.announce(db, sessions.ENDED, user_id=session.user_id, subject_id=session.id)
    return session
