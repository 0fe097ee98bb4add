"""Asking: a partner asks about a person, by the token that the person gave it, and only for what they allowed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select

from domain.actors import PartnerActor
from domain.consent import lookups, opening
from domain.consent.consents import Purpose
from domain.consent.lookups import SAME_FOR, Lookup, LookupAnswer, LookupKind, for_lookup
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scores import Score
from domain.credit.scoring import Factor
from infra import clock, receipts
from infra.database import Db
from infra.errors import Refusal


async def check_score(
    db: Db, actor: PartnerActor, token: str, purpose: Purpose, at_least: Grade, *, key: str
) -> Lookup | Refusal:
    """Whether the person's grade is at least this, kept as a lookup; UNKNOWN where they have none.

    Refuses CONSENT_NOT_LIVE by returning it: a dead token, another partner's and an invented one look the same and take as long.
    """
    return await _ask(db, actor, token, LookupKind.CHECK, purpose, at_least, key=key)


async def read_report(db: Db, actor: PartnerActor, token: str, purpose: Purpose, *, key: str) -> Lookup | Refusal:
    """The person's grade with what it is made of, kept as a lookup. Refuses as `check_score` does."""
    return await _ask(db, actor, token, LookupKind.REPORT, purpose, None, key=key)


@dataclass(frozen=True)
class ScoreReport:
    """What a lookup told of, as it stood then; all null but `simulated` where there was no score."""

    lookup: Lookup
    score: Score | None

    @property
    def grade(self) -> Grade | None:
        return self.score.grade if self.score else None

    @property
    def points(self) -> int | None:
        return self.score.points if self.score else None

    @property
    def as_of(self) -> datetime | None:
        return self.lookup.as_of

    @property
    def model_version(self) -> str | None:
        return self.score.model_version if self.score else None

    @property
    def simulated(self) -> bool:
        return self.score is not None and self.score.simulated

    @property
    def factors(self) -> list[Factor]:
        return self.score.factors if self.score else []


async def report_of(db: Db, lookup: Lookup) -> ScoreReport:
    """What this lookup told, which stays what it was: a repeated question gets the same answer."""
    score = await db.get_one(Score, (lookup.user_id, lookup.score_id)) if lookup.score_id else None
    return ScoreReport(lookup, score)


async def _ask(
    db: Db,
    actor: PartnerActor,
    token: str,
    kind: LookupKind,
    purpose: Purpose,
    at_least: Grade | None,
    *,
    key: str,
) -> Lookup | Refusal:
    receipts.check_key(key)
    consent = await opening.open_with(db, actor, token, kind, purpose, at_least)
    if isinstance(consent, Refusal):
        return consent
    told = {"consentToken": token, "purpose": purpose, "atLeast": at_least}
    receipt = await receipts.claim(db, actor=actor.name, operation=f"{kind}", key=key, input=told)
    if receipt.result_id is not None:
        return await db.get_one(Lookup, (consent.user_id, receipt.result_id))
    lookup = await _answer(db, opening.look_at(consent, kind, await clock.now(db), purpose, at_least))
    receipt.result_id = lookup.id
    return lookup


async def _answer(db: Db, lookup: Lookup) -> Lookup:
    score = await for_lookup(scores.current)(db, lookup.user_id)
    if score is not None:
        lookup.answer = _judge(lookup, score)
        lookup.grade, lookup.score_id, lookup.as_of = score.grade, score.id, score.as_of
        lookup.charged = not await _is_paid_for(db, lookup)
    await lookups.keep(db, lookup)
    return lookup


def _judge(lookup: Lookup, score: Score) -> LookupAnswer:
    if lookup.at_least is None:
        return LookupAnswer.REPORT
    return LookupAnswer.YES if score.grade.is_at_least(lookup.at_least) else LookupAnswer.NO


async def _is_paid_for(db: Db, lookup: Lookup) -> bool:
    """Whether the partner paid for the same question about this person within a day, by whichever token. UNKNOWN costs nothing."""
    before = exists().where(
        Lookup.user_id == lookup.user_id,
        Lookup.partner_id == lookup.partner_id,
        Lookup.at > lookup.at - SAME_FOR,
        Lookup.kind == lookup.kind,
        Lookup.purpose == lookup.purpose,
        Lookup.at_least.is_not_distinct_from(lookup.at_least),
        Lookup.charged,
    )
    return (await db.execute(select(before))).scalar_one()
