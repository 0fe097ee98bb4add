"""What a partner sees of the person behind an application: the grade, and only while the application's consent lives."""

from uuid import UUID

from domain.consent import consents
from domain.consent.lookups import LookupPurpose, look_up
from domain.credit import scores
from domain.credit.grades import Grade
from infra.database import Db

Key = tuple[UUID, UUID]  # user, application


async def grades(db: Db, keys: set[Key]) -> dict[Key, Grade]:
    """The person's grade of today; missing where the consent is over, allows less, or was never given."""
    allowed = {key for key, is_shown in (await consents.showing_grade(db, keys)).items() if is_shown}
    known = await look_up(db, LookupPurpose.ANSWER, {user_id for user_id, _ in allowed}, scores.scorings_of)
    scored = {user_id: score for user_id, (_, score) in known.items() if score is not None}
    return {key: scored[key[0]].grade for key in allowed if key[0] in scored}
