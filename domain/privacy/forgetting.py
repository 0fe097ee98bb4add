"""Forgetting: what a partner told of a loan goes by night once the leave for it is over, and takes along what it had put right.

No score was made of it, and the book that training reads has left it out since the moment at which the leave ended.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.consent.consents import Consent
from domain.facts.loan_reports import LoanReport
from domain.privacy import erasing
from infra import clock, outbox
from infra.database import Db
from infra.outbox import Event
from infra.pruning import PRUNE, PRUNE_GOES_ON
from infra.reactions import reaction

STORED_AS = "forget_loan_reports"
BATCH = 2_000


@reaction(PRUNE, stored_as=STORED_AS)
async def forget_loan_reports(db: Db, event: Event) -> None:
    if await one_batch(db):
        more = await outbox.announce(db, PRUNE_GOES_ON)
        await outbox.owe(db, more, [STORED_AS], more.occurred_at)


async def one_batch(db: Db) -> bool:
    """Delete one batch, of each person what was observed first: the word by which the others go stays until they went. Answers
    whether there may be more.
    """
    stale = select(LoanReport.user_id, LoanReport.id).where(await _is_over(db))
    in_order = stale.order_by(LoanReport.user_id, *_place(LoanReport)).limit(BATCH)
    found = (await db.execute(in_order)).all()
    for user_id, theirs in groupby(found, lambda row: row.user_id):
        await erasing.let_go(db, user_id)
        gone = delete(LoanReport).where(LoanReport.user_id == user_id, LoanReport.id.in_([row.id for row in theirs]))
        await db.execute(gone)
    return len(found) == BATCH


async def _is_over(db: Db) -> ColumnElement[bool]:
    """Whether the leave for a word is over, or that for a later word on the same loan."""
    later, now = aliased(LoanReport), await clock.now(db)
    same = [getattr(later, name) == getattr(LoanReport, name) for name in ("user_id", "partner_id", "loan")]
    is_later = tuple_(*_place(later)) >= tuple_(*_place(LoanReport))
    leave = (Consent.user_id == later.user_id, Consent.id == later.consent_id)
    return exists().where(*same, is_later, *leave, or_(Consent.revoked_at.is_not(None), Consent.expires_at <= now))


def _place(report: type[LoanReport]) -> Sequence[InstrumentedAttribute[Any]]:
    """What tells an earlier word on a loan from a later one."""
    return report.observed_at, report.told_at, report.id
