"""Loan report: how a loan goes that a partner made outside of Longan, as it tells with the person's leave."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.clock import begins
from infra.entity import Entity, Id, OwnerId
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.words import N_

YEAR = timedelta(days=365)  # of which a score speaks, and so its outcome


class OutcomeKind(StrEnum):
    """How a loan went, told of all of its life so far; of the first year, where it is an outcome."""

    PAID = "PAID"  # all that was due was paid on its day, and more is to come
    LATE = "LATE"  # something was late, and never by more than 90 days
    SETTLED = "SETTLED"  # all was paid on its day, or sooner, and nothing is owed any more
    DEFAULTED = "DEFAULTED"  # something was late by more than 90 days


MEANINGS = {
    OutcomeKind.PAID: N_("All that was due was paid on its day, and more is to come."),
    OutcomeKind.LATE: N_("Something was late, and never by more than 90 days."),
    OutcomeKind.SETTLED: N_("All was paid on its day or sooner, and nothing is owed any more."),
    OutcomeKind.DEFAULTED: N_("Something was late by more than 90 days, whatever became of it."),
}


class LoanReport(Entity):
    """`loan`: the partner's own word for it. What is told of the same loan later takes its place; each stays as it was written.
    `how` is true of the loan until `observed_at`."""

    __tablename__ = "loan_reports"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID]
    consent_id: Mapped[UUID]  # with whose leave; what was told with it counts as long as it lives
    loan: Mapped[str]
    opened_on: Mapped[date]
    how: Mapped[OutcomeKind]
    observed_at: Mapped[datetime]
    told_at: Mapped[datetime]

    __table_args__ = (Index(None, "user_id", "partner_id", "loan"),)


def outcome_of(reports: Sequence[LoanReport]) -> OutcomeKind | None:
    """How one loan went within its first year; None while that is not known. Takes its reports by the time of observation, and
    what was told later of the same time after what was told first."""
    told = [*{each.observed_at: each for each in reports}.values()]
    newest = told[-1]
    if newest.how is OutcomeKind.DEFAULTED:
        return _of_default(newest, told)
    is_over = newest.observed_at >= year_of(newest)
    return newest.how if is_over or newest.how is OutcomeKind.SETTLED else None


def _of_default(newest: LoanReport, told: Sequence[LoanReport]) -> OutcomeKind:
    """Nobody tells the day of a default: it is taken to lie midway between the last sound word, or the loan's first day, and the
    first word of it. Were those left out that are told late, while sound loans are taken whenever they are told, the book would
    make people better than they are.
    """
    sound = [each.observed_at for each in told if each.how is not OutcomeKind.DEFAULTED]
    since = sound[-1] if sound else begins(newest.opened_on)
    first = next(each.observed_at for each in told if not sound or each.observed_at > since)
    return OutcomeKind.DEFAULTED if since + (first - since) / 2 < year_of(newest) else OutcomeKind.LATE


def year_of(report: LoanReport) -> datetime:
    """When the first year of its loan is over."""
    return begins(report.opened_on) + YEAR
