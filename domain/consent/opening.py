"""Opening: a partner comes with the token that a person gave it, and gets in only for what they allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Text, bindparam, cast, func, insert, literal, select

from domain.actors import PartnerActor
from domain.consent import consent_tokens
from domain.consent.consents import Consent, ConsentScope, Purpose
from domain.consent.lookups import Lookup, LookupAnswer, LookupKind
from domain.credit.grades import Grade
from infra import clock, counters, outbox
from infra.counters import Use
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.questions import Asking, Question, ask_within
from infra.setting_parts import Rate
from infra.words import N_

# Of one token: a partner asks at a door and perhaps once more, and whoever tries thresholds one by one is a person's enemy.
PER_TOKEN = Rate(times=60, seconds=3600)
SCOPE_OF: Mapping[LookupKind, ConsentScope] = {
    LookupKind.CHECK: ConsentScope.SCORE_CHECK,
    LookupKind.REPORT: ConsentScope.SCORE_REPORT,
    LookupKind.CONTRIBUTION: ConsentScope.CONTRIBUTE_FACTS,
}


@dataclass(frozen=True)
class TriedToken:
    """What became of a token that a partner showed. `consent`: what it opens, which stays as it is until the transaction ends;
    None: nothing. `named`: whose it is, and which, as the token says. `asked`: by whom and for what.
    """

    token: str
    consent: Consent | None
    named: tuple[UUID, UUID]
    asked: Mapping[str, Any]
    at: datetime


async def open_with(db: Db, actor: PartnerActor, token: str, kind: LookupKind) -> Consent | Refusal:
    """The consent, which stays as it is until the transaction ends.

    Refuses CONSENT_NOT_LIVE by returning it: a dead token, another partner's and an invented one look the same and take as long.
    """
    tried = await try_token(db, actor, token, kind)
    if tried.consent is None:
        return await refuse(db, tried)
    await count_use(db, token)
    return tried.consent


async def try_token(
    db: Db,
    actor: PartnerActor,
    token: str,
    kind: LookupKind,
    purpose: Purpose | None = None,
    at_least: Grade | None = None,
) -> TriedToken:
    """`purpose`: the one that its consent must be for, if it matters. It is counted by `count_use` or, where it opens nothing,
    by `refuse`: each is called by whoever tries one.
    """
    named = consent_tokens.opened(token) or (uuid4(), uuid4())
    consent, now = await _held(db, *named)
    is_open = consent is not None and _opens(consent, actor, kind, purpose, now)
    asked = {"kind": kind, "purpose": purpose, "at_least": at_least, "partner_id": actor.partner_id}
    return TriedToken(token, consent if is_open else None, named, asked, now)


def look_at(
    consent: Consent, kind: LookupKind, at: datetime, purpose: Purpose | None = None, at_least: Grade | None = None
) -> Lookup:
    """A look on account of this consent, before it is answered."""
    return Lookup(
        user_id=consent.user_id,
        id=new_id(),
        at=at,
        kind=kind,
        subject_id=consent.id,
        answer=LookupAnswer.UNKNOWN,
        partner_id=consent.partner_id,
        purpose=purpose,
        at_least=at_least,
    )


async def count_use(db: Db, token: str, others: Asking = ()) -> Sequence[Sequence[Any]]:
    """Count a use of the token; the rows of the others, which are asked together with it. Refuses RATE_LIMITED."""
    retry_at, rows = await counters.take_with(db, Use(PER_TOKEN, "consent-token", token), others)
    if retry_at:
        sentence = N_("This token was used too often. Please try again later.")
        raise Refusal(RefusalCode.RATE_LIMITED, sentence, field=("input", "consentToken"), retry_at=retry_at)
    return rows


async def refuse(db: Db, tried: TriedToken) -> Refusal:
    """CONSENT_NOT_LIVE, after the use is counted; the person sees who tried, where there is one. A dead token, another partner's
    and an invented one ask the same of the database.
    """
    await count_use(db, tried.token)
    user_id, consent_id = tried.named
    row = {"id": new_id(), "at": tried.at, "answer": LookupAnswer.REFUSED, "charged": False, **tried.asked}
    columns = [Lookup.user_id, Lookup.subject_id, *(getattr(Lookup, name) for name in row)]
    values = [literal(value, getattr(Lookup, name).type) for name, value in row.items()]
    theirs = select(Consent.user_id, Consent.id, *values).where(Consent.user_id == user_id, Consent.id == consent_id)
    await db.execute(insert(Lookup).from_select(columns, theirs))
    outbox.wake(db, user_id)
    return Refusal(
        RefusalCode.CONSENT_NOT_LIVE,
        N_("There is no live consent for this."),
        field=("input", "consentToken"),
    )


# By whichever of a person's consents a partner asks: what is asked twice at once is charged once.
_ONE_AT_A_TIME = func.pg_advisory_xact_lock(
    func.hashtextextended(cast(Consent.user_id, Text) + cast(Consent.partner_id, Text), 0)
)
_HELD = Question(
    lambda: (
        select(Consent, _ONE_AT_A_TIME)
        .where(Consent.user_id == bindparam("user_id"), Consent.id == bindparam("consent_id"))
        .with_for_update(read=True)
    )
)


async def _held(db: Db, user_id: UUID, consent_id: UUID) -> tuple[Consent | None, datetime]:
    """The consent, which nobody takes back until this is answered: whoever does waits, and what comes after is refused. Nor does
    its partner ask about this person by another one meanwhile.
    """
    held, [(now,)] = await ask_within(db, [(_HELD, {"user_id": user_id, "consent_id": consent_id}), (clock.NOW, {})])
    clock.freeze(db, now)
    return (held[0][0] if held else None), now


def _opens(consent: Consent, actor: PartnerActor, kind: LookupKind, purpose: Purpose | None, now: datetime) -> bool:
    if consent.partner_id != actor.partner_id or purpose not in (None, consent.purpose):
        return False
    if actor.consent_id not in (None, consent.id):
        return False
    return consent.is_live(now) and SCOPE_OF[kind] in consent.scopes
