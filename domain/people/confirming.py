"""Confirming that it is still the person: what `stepUp` takes, each try counted by session and by person."""

from dataclasses import dataclass
from datetime import datetime

from domain.actors import UserActor
from domain.people import answering, recoveries, second_factors, sessions, stepping_up
from domain.people.challenges import CodePurpose
from domain.people.second_factors import HELD, RESPONSE, FactorKind
from infra import clock, counters
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.setting_parts import Rate
from infra.words import N_

PER_SESSION = Rate(times=10, seconds=3_600)
PER_PERSON = Rate(times=30, seconds=86_400)  # whoever took one session has no more luck with ten


@dataclass(frozen=True)
class SteppedUp:
    until: datetime


async def step_up(db: Db, actor: UserActor, kind: FactorKind, response: str) -> SteppedUp | Refusal:
    """Five minutes of this session. A wrong proof is counted, so its refusal is returned.

    A code to the phone is enough only for whoever has nothing better. Refuses NOT_ALLOWED, CODE_EXPIRED and RATE_LIMITED, and
    NOT_OPEN whoever recovered: who has the factor after all signs in with it, and no guess of theirs is counted against that.
    """
    session = await sessions.locked(db, actor.user_id, actor.session_id)
    assert session is not None, "the actor came from this session"
    recoveries.refuse_session(session, await clock.now(db))
    tries = (
        Use(PER_SESSION, "step-up", str(actor.session_id)),
        Use(PER_PERSON, "step-up-person", str(actor.user_id)),
    )
    if retry_at := await counters.take(db, tries):
        sentence = N_("You have tried this too often. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=RESPONSE, retry_at=retry_at)
    held = {each.kind for each in await second_factors.in_force(db, actor.user_id)}
    if kind not in (held or {FactorKind.CODE}):
        sentence = N_("This kind of proof cannot be used here.")
        raise Refusal(RefusalCode.NOT_ALLOWED, sentence, field=("input", "kind"))
    if kind in HELD:
        challenge = stepping_up.challenge(session.id, session.stepped_up_until)
        if not await second_factors.is_proven(db, actor.user_id, kind, response, challenge):
            return second_factors.wrong()
        await second_factors.keep_all(db, actor.user_id)
    else:
        newest = await answering.newest(db, actor, CodePurpose.STEP_UP)
        answered = await answering.compare(db, newest, response, CodePurpose.STEP_UP, actor)
        if isinstance(answered, Refusal):
            return answered
        await answering.settle(db, answered)
    await counters.give_back(db, tries)
    return SteppedUp(await stepping_up.grant(db, actor))
