"""What a partner sees of the person behind an application: the grade, and only while the application's consent lives."""

from datetime import datetime
from uuid import UUID

from domain.consent import consents
from domain.consent.consents import Consent
from domain.consent.lookups import Looker, LookupKind, for_lookup, look_up
from domain.credit import scores
from domain.credit.grades import Grade
from domain.credit.scores import Score, Scoring
from infra.database import Db
from infra.loaders import loader

Key = tuple[UUID, UUID]  # user, application


@loader(consents.BOUND, for_lookup(scores.SCORINGS))
async def grades(
    db: Db | None,
    keys: set[Key],
    now: datetime,
    bound: list[tuple[Consent]],
    scorings: list[tuple[Scoring, Score | None]],
) -> dict[Key, Grade]:
    """The person's grade of today; missing where the consent is over, allows less, or was never given."""
    allowed = consents.showing_grade(bound, now)
    known: dict[UUID, tuple[Scoring, Score | None]] = {}
    for partner_id in {consent.partner_id for (consent,) in bound}:
        theirs = {
            key for (c,) in bound if c.partner_id == partner_id and (key := (c.user_id, c.application_id)) in allowed
        }
        known |= await look_up(
            db,
            Looker(LookupKind.ANSWER, partner_id=partner_id),
            theirs,
            lambda db, ids: scores.scorings_of.answer(db, ids, now, [row for row in scorings if row[0].user_id in ids]),
            lambda known: known[1].grade if known[1] else None,
        )
    scored = {user_id: score for user_id, (_, score) in known.items() if score is not None}
    return {key: scored[key[0]].grade for key in allowed if key[0] in scored}
