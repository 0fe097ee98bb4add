"""Maturing: what became of the score that somebody's agreements leaned on, written once, when it is known.

An outcome is of a score, for that is what it proves right or wrong: the default of any agreement that leaned on it is its own.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from domain.agreements import agreements
from domain.agreements.agreements import OPEN, Agreement
from domain.agreements.coming import BUCKETS
from domain.agreements.standings import AgreementStanding, standings
from domain.applications.applications import Application
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Score
from domain.facts.loan_reports import YEAR, OutcomeKind
from infra.database import Db
from infra.outbox import Event
from infra.reactions import reaction

DEFAULTED = BUCKETS[-1]  # days late: more than 90


@reaction(agreements.REPAID, agreements.FELL_BEHIND, agreements.SETTLED, stored_as="mature_score")
async def mature(db: Db, event: Event) -> None:
    """Said again, or by another agreement after it, it changes nothing."""
    agreement = await db.get_one(Agreement, (event.user_id, event.subject_id))
    score = await _leant_on(db, agreement)
    if score is None or (how := await _outcome_of(db, score, event)) is None:
        return
    row = insert(LoanOutcome).values(
        user_id=score.user_id,
        score_id=score.id,
        bad=how is OutcomeKind.DEFAULTED,
        how=how,
        observed_at=event.occurred_at,
    )
    await db.execute(row.on_conflict_do_nothing())


async def _leant_on(db: Db, agreement: Agreement) -> Score | None:
    """The newest that the person had when they applied."""
    its = (Application.user_id == agreement.user_id, Application.id == agreement.application_id)
    applied_at = select(Application.created_at).where(*its).scalar_subquery()
    theirs = select(Score).where(Score.user_id == agreement.user_id, Score.as_of <= applied_at)
    return (await db.execute(theirs.order_by(Score.as_of.desc()).limit(1))).scalar_one_or_none()


async def _outcome_of(db: Db, score: Score, event: Event) -> OutcomeKind | None:
    """None while it is not known: within the year, as long as something that leaned on it is open and not in default."""
    is_over = event.occurred_at >= score.as_of + YEAR
    if event.name == agreements.FELL_BEHIND and event.data["days"] >= DEFAULTED and not is_over:
        return OutcomeKind.DEFAULTED
    found = await standings(db, {(each.user_id, each.id) for each in await _leaning_on(db, score)})
    if any(map(_is_open, found.values())) and not is_over:
        return None
    if any(map(_was_late, found.values())):
        return OutcomeKind.LATE
    return OutcomeKind.PAID if any(map(_is_open, found.values())) else OutcomeKind.SETTLED


async def _leaning_on(db: Db, score: Score) -> Sequence[Agreement]:
    """All that was applied for while it was the newest."""
    later = select(Score.as_of).where(Score.user_id == score.user_id, Score.as_of > score.as_of)
    until = (await db.execute(later.order_by(Score.as_of).limit(1))).scalar_one_or_none()
    theirs = (
        select(Agreement)
        .join(Application, (Application.user_id == Agreement.user_id) & (Application.id == Agreement.application_id))
        .where(Agreement.user_id == score.user_id, Application.created_at >= score.as_of)
    )
    return (await db.execute(theirs.where(Application.created_at < until) if until else theirs)).scalars().all()


def _is_open(standing: AgreementStanding) -> bool:
    return standing.agreement.status in OPEN


def _was_late(standing: AgreementStanding) -> bool:
    """Whether an instalment was ever paid late, or is late and not paid."""
    return any(standing.days_late(row) for row in standing.life.rows)
