"""History: what came of each impression, from the look to the repayment, in one select."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, not_, select

from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import IS_FINAL, Decision
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Score
from domain.matching.impressions import Impression
from domain.people import invented


def between(since: datetime, until: datetime) -> Select[Any]:
    """One row for each impression from `since` to before `until`: its columns, and what came of it.

    `is_opened`, `has_applied`, `is_accepted`: yes or no. `outcome`, `decided_at`: NULL until it is decided for good.
    `is_repaid`: NULL until it is known how the loan went.
    """
    return (
        select(
            *Impression.__table__.c,
            Impression.opened_at.is_not(None).label("is_opened"),
            Impression.application_id.is_not(None).label("has_applied"),
            Decision.outcome,
            Decision.decided_at,
            (Application.status == ApplicationStatus.ACCEPTED).is_(True).label("is_accepted"),
            case((Application.status == ApplicationStatus.ACCEPTED, _is_repaid())).label("is_repaid"),
        )
        .select_from(Impression)
        .join(Application, _of_impression(Application.user_id, Application.id), isouter=True)
        .join(
            Decision,
            and_(_of_impression(Decision.user_id, Decision.application_id), IS_FINAL),
            isouter=True,
        )
        .where(Impression.shown_at >= since, Impression.shown_at < until, invented.is_real(Impression.user_id))
    )


def _of_impression(user_id: Any, application_id: Any) -> ColumnElement[bool]:
    return and_(user_id == Impression.user_id, application_id == Impression.application_id)


def _is_repaid() -> ColumnElement[bool | None]:
    """Whether a loan was repaid, as the score that the person had when they applied turned out."""
    told = select(not_(LoanOutcome.bad)).select_from(Score)
    of_score = and_(LoanOutcome.user_id == Score.user_id, LoanOutcome.score_id == Score.id)
    theirs = told.join(LoanOutcome, of_score, isouter=True).where(
        Score.user_id == Application.user_id, Score.as_of <= Application.created_at
    )
    return theirs.order_by(Score.as_of.desc()).limit(1).correlate(Application).scalar_subquery()
