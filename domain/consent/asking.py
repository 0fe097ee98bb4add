"""Asking: a partner asks about a person, by the token that the person gave it, and only for what they allowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, select

from domain.actors import PartnerActor
from domain.consent import lookups, opening
from domain.consent.consents import Purpose
from domain.consent.lookups import SAME_FOR, Lookup, LookupAnswer, LookupKind, for_lookup
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scores import Score
from domain.credit.scoring import Factor
from infra import receipts, vault
from infra.database import Db
from infra.errors import Refusal
from infra.questions import Asking, Question


async def check_score(
    db: Db, actor: PartnerActor, token: str, purpose: Purpose, at_least: Grade, *, key: str
) -> Lookup | Refusal:
    """Whether the person's grade is at least this, kept as a lookup; UNKNOWN where they have none.

    Refuses CONSENT_NOT_LIVE by returning it: a dead token, another partner's and an invented one look the same and take as long.
    """
    told = await _ask(db, actor, token, LookupKind.CHECK, purpose, at_least, key=key)
    return told if isinstance(told, Refusal) else told.lookup


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


async def read_report(db: Db, actor: PartnerActor, token: str, purpose: Purpose, *, key: str) -> ScoreReport | Refusal:
    """The person's grade with what it is made of, kept as a lookup. Refuses as `check_score` does."""
    return await _ask(db, actor, token, LookupKind.REPORT, purpose, None, key=key)


async def _ask(
    db: Db,
    actor: PartnerActor,
    token: str,
    kind: LookupKind,
    purpose: Purpose,
    at_least: Grade | None,
    *,
    key: str,
) -> ScoreReport | Refusal:
    receipts.check_key(key)
    told = {"consentToken": token, "purpose": purpose, "atLeast": at_least}
    with receipts.waiting():
        tried = await opening.try_token(db, actor, token, kind, purpose, at_least)
        if tried.consent is None:
            return await opening.refuse(db, tried)
        lookup = opening.look_at(tried.consent, kind, tried.at, purpose, at_least)
        receipt = receipts.begin(
            tried.at, actor=actor.name, operation=f"{kind}", key=key, input=told, result_id=lookup.id
        )
        written, *read = await opening.count_use(db, token, [receipts.asked(receipt), *_asked_of(lookup)])
    receipt = await receipts.settle(db, receipt, is_new=bool(written))
    if receipt.result_id not in (None, lookup.id):
        return await _told_before(db, lookup.user_id, receipt.result_id)
    return await _answer(db, lookup, *read)


async def _told_before(db: Db, user_id: UUID, lookup_id: UUID) -> ScoreReport:
    """What a lookup told stays what it was: a repeated question gets the same answer."""
    lookup = await db.get_one(Lookup, (user_id, lookup_id))
    return ScoreReport(lookup, await db.get_one(Score, (user_id, lookup.score_id)) if lookup.score_id else None)


async def _answer(
    db: Db, lookup: Lookup, scored: Sequence[Any], keys: Sequence[Any], paid: Sequence[Any]
) -> ScoreReport:
    vault.remember(db, [key for (key,) in keys])
    score: Score | None = scored[0][1] if scored else None
    if score is not None:
        [(is_paid_for,)] = paid
        lookup.answer = _judge(lookup, score)
        lookup.grade, lookup.score_id, lookup.as_of = score.grade, score.id, score.as_of
        lookup.charged = not is_paid_for and lookups.price_of(lookup.kind) > 0
    await lookups.keep(db, lookup)
    return ScoreReport(lookup, score)


# Whether the partner paid for the same question about this person within a day, by whichever token. UNKNOWN costs nothing.
_IS_PAID_FOR = Question(
    lambda: select(
        exists().where(
            Lookup.user_id == bindparam("user_id"),
            Lookup.partner_id == bindparam("partner_id"),
            Lookup.at > bindparam("since"),
            Lookup.kind == bindparam("kind"),
            Lookup.purpose == bindparam("purpose"),
            Lookup.at_least.is_not_distinct_from(bindparam("at_least", type_=Lookup.at_least.type)),
            Lookup.charged,
        )
    )
)


def _asked_of(lookup: Lookup) -> Asking:
    """What the person's score is now, their key, which keeping the look needs, and whether the question is paid for."""
    theirs = {"keys": [lookup.user_id]}
    same = {name: getattr(lookup, name) for name in ("user_id", "partner_id", "kind", "purpose", "at_least")}
    return [
        (for_lookup(scores.SCORINGS), theirs),
        (vault.PERSON_KEYS, theirs),
        (_IS_PAID_FOR, {**same, "since": lookup.at - SAME_FOR}),
    ]


def _judge(lookup: Lookup, score: Score) -> LookupAnswer:
    if lookup.at_least is None:
        return LookupAnswer.REPORT
    return LookupAnswer.YES if score.grade.is_at_least(lookup.at_least) else LookupAnswer.NO
