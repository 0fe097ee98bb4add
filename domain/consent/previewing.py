"""Previewing: the exact answer that a partner would get now, in words, before the person says yes."""

from collections.abc import Iterable
from uuid import UUID

from domain.consent.consents import ConsentScope
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scores import Score
from infra.database import Db
from infra.words import N_, Locale, say

SEPARATOR = {"zh": "", "en": " "}


async def preview(db: Db, user_id: UUID, scopes: Iterable[str], locale: Locale) -> str:
    """A sentence for each scope, with what it would tell of this person at this moment; the same one is said once."""
    score = await scores.current(db, user_id)
    said = [_sentence(ConsentScope(scope), score, locale) for scope in scopes]
    return SEPARATOR[locale].join(dict.fromkeys(said))


def _sentence(scope: ConsentScope, score: Score | None, locale: Locale) -> str:
    match scope:
        case ConsentScope.CONTRIBUTE_FACTS:
            return say(N_("They may tell us facts about you; they are told nothing."), locale)
        case _ if score is None:
            return say(N_("They would be told that not enough is known about you yet."), locale)
        case ConsentScope.SCORE_CHECK:
            yes, no = _held_against(score.grade)
            if not no:
                return say(N_("Asked whether your grade is at least A, B, C or D, they would be told yes."), locale)
            sentence = N_("Asked whether your grade is at least {yes}, they would be told yes; at least {no}: no.")
            return say(sentence, locale, yes=", ".join(yes), no=", ".join(no))
        case ConsentScope.SCORE_REPORT:
            factors = ", ".join(say(factor.label, locale) for factor in score.factors)
            sentence = N_(
                "They would be told your grade {grade}, your {points} points, and what weighs most: {factors}."
            )
            return say(sentence, locale, grade=score.grade, points=score.points, factors=factors)


def _held_against(grade: Grade) -> tuple[list[Grade], list[Grade]]:
    return [each for each in Grade if grade.is_at_least(each)], [each for each in Grade if not grade.is_at_least(each)]
