"""How loans went that partners made outside of Longan, as they reported with leave that still holds: outcomes of the score of then.

As with our own loans, an outcome is of a score: the newest from before the day on which the loan was opened, so nothing of it can
have been known when the score was made. The worst of a person's loans that lean on one score is its outcome, whoever told it.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import func, select

from domain.agreements.agreements import OPEN, Agreement
from domain.applications.applications import Application
from domain.consent.consents import Consent
from domain.credit.scores import Score
from domain.facts import loan_reports
from domain.facts.loan_reports import LoanReport, OutcomeKind
from domain.people import invented, worlds
from domain.people.partners import Partner
from infra import clock
from infra.clock import begins
from infra.database import Db

BATCH = 1_000
CURRENT = timedelta(days=365)  # no fact that others tell lasts longer, so an older score says nothing of the day
Key = tuple[UUID, UUID]  # user, score
Row = tuple[LoanReport, Consent, str]


@dataclass(frozen=True)
class Reported:
    """How the loans went that lean on a score, and which partner said so."""

    how: OutcomeKind
    source: str

    @property
    def severity(self) -> int:
        return severity_of(self.how)


@dataclass(frozen=True)
class OutsideLoan:
    user_id: UUID
    opened_at: datetime
    reported: Reported


def severity_of(how: OutcomeKind) -> int:
    """What is paid and what is settled are equally sound."""
    return {OutcomeKind.LATE: 1, OutcomeKind.DEFAULTED: 2}.get(how, 0)


async def outcomes(db: Db) -> dict[Key, Reported]:
    """How loans of real people went that partners reported, by the score that each leans on; as it is known now."""
    found: dict[Key, Reported] = {}
    loans = [loan async for loan in _loans(db)]
    for start in range(0, len(loans), BATCH):
        batch = loans[start : start + BATCH]
        people = {loan.user_id for loan in batch}
        scores, ours = await _scores_of(db, people), await _ours_open(db, people)
        for loan in batch:
            score = _leant_on(scores.get(loan.user_id, ()), loan.opened_at)
            if score is None or (loan.reported.severity < 2 and ours.get(loan.user_id, score[0]) > score[0]):
                continue
            key, known = (loan.user_id, score[1]), found.get((loan.user_id, score[1]))
            if known is None or loan.reported.severity > known.severity:
                found[key] = loan.reported
    return found


async def _loans(db: Db) -> AsyncIterator[OutsideLoan]:
    """The loans whose first year is known, of people and partners of everybody's world, in the order of their partners."""
    now = await clock.now(db)
    told = (
        select(LoanReport, Consent, Partner.code)
        .join(Consent, (Consent.user_id == LoanReport.user_id) & (Consent.id == LoanReport.consent_id))
        .join(Partner, Partner.id == LoanReport.partner_id)
        .where(invented.is_real(LoanReport.user_id), worlds.of_live_partner(LoanReport.partner_id))
        .order_by(
            LoanReport.user_id, Partner.code, LoanReport.loan, LoanReport.observed_at, LoanReport.told_at, LoanReport.id
        )
    )
    rows: list[Row] = [(report, consent, code) for report, consent, code in await db.execute(told)]
    for _, of_loan in groupby(rows, key=lambda row: (row[0].user_id, row[2], row[0].loan)):
        if loan := _loan([*of_loan], now):
            yield loan


def _loan(rows: Sequence[Row], now: datetime) -> OutsideLoan | None:
    """A word for which the leave is over takes along all before it, which it had put right: no older one comes back."""
    over = max((place for place, (_, consent, _) in enumerate(rows, 1) if not consent.is_live(now)), default=0)
    told = [report for report, _, _ in rows[over:]]
    how = loan_reports.outcome_of(told) if told else None
    if how is None:
        return None
    newest, _, code = rows[-1]
    return OutsideLoan(newest.user_id, begins(newest.opened_on), Reported(how, f"partner:{code}"))


def _leant_on(scores: Sequence[tuple[datetime, UUID]], opened_at: datetime) -> tuple[datetime, UUID] | None:
    """The newest from before the loan was opened, if it still said something then."""
    place = bisect_left(scores, opened_at, key=lambda score: score[0])
    score = scores[place - 1] if place else None
    return score if score and score[0] > opened_at - CURRENT else None


async def _scores_of(db: Db, user_ids: set[UUID]) -> dict[UUID, list[tuple[datetime, UUID]]]:
    found: dict[UUID, list[tuple[datetime, UUID]]] = {}
    theirs = select(Score.user_id, Score.as_of, Score.id).where(Score.user_id.in_(user_ids)).order_by(Score.as_of)
    for user_id, as_of, id in await db.execute(theirs):
        found.setdefault(user_id, []).append((as_of, id))
    return found


async def _ours_open(db: Db, user_ids: set[UUID]) -> dict[UUID, datetime]:
    """When these people last applied for a loan of ours that is still open: until it is over, a good word of another is no outcome."""
    its = (Application.user_id == Agreement.user_id) & (Application.id == Agreement.application_id)
    newest = select(Agreement.user_id, func.max(Application.created_at).label("applied_at")).join(Application, its)
    theirs = newest.where(Agreement.user_id.in_(user_ids), Agreement.status.in_(OPEN)).group_by(Agreement.user_id)
    return {row.user_id: row.applied_at for row in await db.execute(theirs)}
