"""Signing in further: where a code to a phone is not enough, and what else then opens the account.

A number that slept, or that carriers say was given to somebody else, may be a stranger's by now; and whoever set up a second
factor has asked for it. Who has lost that proves their identity instead: a code alone never opens such an account.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from domain.people import (
    answering,
    beginning,
    half_answered,
    identities,
    putting_away,
    recoveries,
    second_factors,
    users,
)
from domain.people.challenges import Challenge
from domain.people.identities import PersonIdentity
from domain.people.places import Place
from domain.people.profiles import IdentityStatus
from domain.people.second_factors import HELD, RESPONSE, FactorKind
from domain.people.sessions import Session
from domain.people.users import PHONE, Phone, User
from infra import clock, counters, outbox, receipts, vault
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.receipts import Receipt
from infra.setting_parts import Rate
from infra.words import N_

SLEPT = timedelta(days=90)
LASTS = timedelta(minutes=10)
PER_PERSON = Rate(times=20, seconds=86_400)
RECOVERIES = Rate(times=3, seconds=86_400)
FACTORS_END_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class HalfSignedIn:
    """The code was right; one of `methods` is asked for too. `options`: what a passkey signs.

    `may_start_afresh`: the owner may have left, so that whoever is new may begin an account of their own.
    """

    challenge_id: UUID
    methods: list[FactorKind]
    expires_at: datetime
    options: str | None
    may_start_afresh: bool


@dataclass(frozen=True)
class Standing:
    """How an account stands to whoever has its number. `slept`: nobody came by it for long."""

    kinds: set[FactorKind]
    is_checked: bool
    slept: bool
    is_reassigned: bool

    @property
    def methods(self) -> list[FactorKind]:
        return [kind for kind in HELD if kind in self.kinds] + [FactorKind.IDENTITY] * self.is_checked

    @property
    def may_have_left(self) -> bool:
        return self.slept or self.is_reassigned


@dataclass(frozen=True)
class Recovery:
    """What a register is to be asked about whoever has lost their second factor."""

    user_id: UUID
    name: str = field(repr=False)
    number: str = field(repr=False)
    phone: str = field(repr=False)
    tries: tuple[Use, ...] = ()


async def ask_for_more(db: Db, user: User, challenge: Challenge) -> HalfSignedIn | User:
    """What is still missing; or whom the code alone signs in.

    A number with a new owner, whose account nothing else protects, is that owner's: the account is put away, and they start
    afresh.
    """
    now, standing = await clock.now(db), await standing_of(db, user.id)
    if standing.kinds or (standing.methods and standing.may_have_left):
        challenge.half_at, challenge.expires_at = challenge.half_at or now, now + LASTS
        return await _half(db, user.id, challenge, standing)
    if standing.is_reassigned:
        return await putting_away.start_afresh(db, user)
    return user


async def still_asked(db: Db, challenge: Challenge) -> HalfSignedIn | None:
    """What a challenge that was answered half asks for; None where its number is nobody's any more."""
    user = await users.find_by_phone(db, challenge.phone_index)
    return await _half(db, user.id, challenge, await standing_of(db, user.id)) if user else None


async def _half(db: Db, user_id: UUID, challenge: Challenge, standing: Standing) -> HalfSignedIn:
    options = await second_factors.request_options(db, user_id, challenge_to_sign(challenge.id))
    return HalfSignedIn(challenge.id, standing.methods, challenge.expires_at, options, standing.may_have_left)


async def standing_of(db: Db, user_id: UUID) -> Standing:
    known = select(
        select(PersonIdentity.status).where(PersonIdentity.user_id == user_id).scalar_subquery(),
        select(func.max(Session.renewed_at)).where(Session.user_id == user_id).scalar_subquery(),
        Phone.bound_at,
        Phone.reassigned_at,
    ).where(Phone.user_id == user_id)
    status, renewed_at, bound_at, reassigned_at = (await db.execute(known)).one()
    held = await second_factors.in_force(db, user_id)
    last = max(bound_at, renewed_at or bound_at)
    return Standing(
        kinds={each.kind for each in held},
        is_checked=status == IdentityStatus.CHECKED,
        slept=last <= await clock.now(db) - SLEPT,
        is_reassigned=reassigned_at is not None,
    )


def challenge_to_sign(challenge_id: UUID) -> bytes:
    return vault.mac("second-factor", challenge_id.bytes)


async def answer(
    db: Db, *, challenge_id: UUID, kind: FactorKind, response: str, device_name: str, key: str, ip: str
) -> Session | Refusal:
    """A session for a right code and a second proof. A wrong proof is counted, so its refusal is returned.

    Refuses CODE_EXPIRED, NOT_ALLOWED another kind, and RATE_LIMITED.
    """
    receipt = await _receipt(db, challenge_id, kind, response, device_name, key)
    if receipt.result_id is not None:
        return await same_session(db, challenge_id, receipt.result_id)
    challenge, user = await half_answered.take_try(db, challenge_id)
    tries = (_use(PER_PERSON, "second-factor", user, challenge),)
    await _count(db, tries)
    if kind not in HELD:
        raise _no_such(kind)
    if not await second_factors.is_proven(db, user.id, kind, response, challenge_to_sign(challenge.id)):
        await db.delete(receipt)
        return second_factors.wrong()
    await counters.give_back(db, tries)
    await second_factors.keep_all(db, user.id)
    return await _begin(db, user, challenge, device_name, ip, receipt)


async def begin_recovery(
    db: Db, *, challenge_id: UUID, response: str, device_name: str, key: str
) -> Recovery | Session | Refusal:
    """Whom a register is to be asked about; the session of the first time, sent again. What does not agree with the identity
    that was checked is counted, and returned.
    """
    receipt = await _receipt(db, challenge_id, FactorKind.IDENTITY, response, device_name, key)
    if receipt.result_id is not None:
        return await same_session(db, challenge_id, receipt.result_id)
    await db.delete(receipt)  # there is one once there is a session
    challenge, user = await half_answered.take_try(db, challenge_id)
    tries = (_use(RECOVERIES, "recovery", user, challenge),)
    await _count(db, tries)
    identity = await identities.identity_of(db, user.id)
    known = await identities.opened(db, identity) if identity else None
    if known is None:
        raise _no_such(FactorKind.IDENTITY)
    name, number = known
    said = "".join(response[:200].split()).upper()
    if not hmac.compare_digest(said.encode(), ("".join(name.split()) + number.text).upper().encode()):
        return second_factors.wrong()
    seal = await vault.seal_of(db, user.id)
    return Recovery(user.id, name, number.text, seal.open(user.phone_sealed, PHONE), tries)


async def give_up_recovery(db: Db, recovery: Recovery) -> None:
    await counters.give_back(db, recovery.tries)


async def recover(
    db: Db, recovery: Recovery, *, challenge_id: UUID, response: str, device_name: str, key: str, ip: str
) -> Session | Refusal:
    """A session for whoever a register just said is the owner of name, number and phone; CODE_EXPIRED where the phone leads to
    somebody else by now.

    Their second factors end a day later, unless one of them is used before: then it was not they. Until that day is over,
    the session may look and change nothing.
    """
    receipt = await _receipt(db, challenge_id, FactorKind.IDENTITY, response, device_name, key)
    if receipt.result_id is not None:
        return await same_session(db, challenge_id, receipt.result_id)
    challenge, user = await half_answered.lock(db, challenge_id)
    if user.id != recovery.user_id:
        raise half_answered.expired()
    until = await second_factors.end_all(db, user.id, await clock.now(db) + FACTORS_END_AFTER)
    session = await _begin(db, user, challenge, device_name, ip, receipt)
    if until is not None:
        session.recovering_until = until
        await outbox.announce(db, recoveries.RECOVERED, user_id=user.id, subject_id=session.id)
    return session


async def _begin(db: Db, user: User, challenge: Challenge, device_name: str, ip: str, receipt: Receipt) -> Session:
    await answering.settle(db, challenge)
    now = await clock.now(db)
    # Whoever proved this is who they were: the number is theirs, from now on.
    theirs = (Phone.user_id == user.id, Phone.index == challenge.phone_index)
    await db.execute(update(Phone).where(*theirs).values(reassigned_at=None, bound_at=now))
    session = await beginning.begin(db, user, challenge, device_name, ip)
    session.proven_at = now
    receipt.result_id = session.id
    return session


def _use(rate: Rate, what: str, user: User, challenge: Challenge) -> Use:
    """Counted apart for those from whom the person has signed in before: no stranger with their phone uses up their tries."""
    place = Place(challenge.place, challenge.is_known_place, challenge.is_known_device)
    return Use(rate, f"{what}-{place.sharers}", str(user.id))


async def _count(db: Db, tries: tuple[Use, ...]) -> None:
    if retry_at := await counters.take(db, tries):
        sentence = N_("You have tried this too often. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=RESPONSE, retry_at=retry_at)


async def _receipt(db: Db, challenge_id: UUID, kind: FactorKind, response: str, device_name: str, key: str) -> Receipt:
    said = vault.mac("response", response.encode()).hex()
    input = {"challengeId": challenge_id, "kind": kind, "response": said, "deviceName": device_name}
    return await receipts.claim(
        db, actor=f"challenge:{challenge_id}", operation="answerSecondFactor", key=key, input=input
    )


async def same_session(db: Db, challenge_id: UUID, session_id: UUID) -> Session:
    """The answer of the first time, for as long as the challenge would have lived and the tokens were not renewed."""
    now, challenge = await clock.now(db), await db.get_one(Challenge, challenge_id)
    user = await users.find_by_phone(db, challenge.phone_index)
    session = await db.get(Session, (user.id, session_id)) if user else None
    if session is None or now >= challenge.expires_at or not session.is_live(now) or session.generation > 0:
        raise half_answered.expired()
    return session


def _no_such(kind: FactorKind) -> Refusal:
    return Refusal(RefusalCode.NOT_ALLOWED, N_("This kind of proof cannot be used here."), field=("input", "kind"))
