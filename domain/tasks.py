"""Reactions of the business: who scores, who escalates, what expires."""

from datetime import timedelta

from sqlalchemy import delete, select

from domain.applications import applications, offers, promises
from domain.applications.applications import Application
from domain.credit import assessing
from domain.facts import accounts, readings
from domain.facts.link_requests import AccountLinkRequest
from domain.people import profiles
from domain.people.challenges import Challenge
from infra import clock
from infra.database import Db
from infra.outbox import Event
from infra.pruning import PRUNE
from infra.reactions import reaction

SPENT_KEPT = timedelta(days=30)


@reaction(accounts.LINKED, accounts.UNLINKED, profiles.CHANGED, stored_as="score_after_change")
async def score_after_change(db: Db, event: Event) -> None:
    assert event.user_id is not None
    await assessing.assess(db, event.user_id)


@reaction(applications.PROMISE_DUE, stored_as="escalate_overdue_promise")
async def escalate_overdue_promise(db: Db, event: Event) -> None:
    if application := await _application(db, event):
        await promises.escalate(db, application)


@reaction(offers.EXPIRY_DUE, stored_as="expire_offer")
async def expire_offer(db: Db, event: Event) -> None:
    if application := await _application(db, event):
        await offers.expire(db, application)


@reaction(PRUNE, stored_as="prune_spent")
async def prune_spent(db: Db, event: Event) -> None:
    """Challenges and links under way are of no use to anybody a month later, nor is what counted on until now."""
    before = await clock.now(db) - SPENT_KEPT
    await db.execute(delete(Challenge).where(Challenge.created_at < before))
    await db.execute(delete(AccountLinkRequest).where(AccountLinkRequest.created_at < before))
    await readings.prune(db)


async def _application(db: Db, event: Event) -> Application | None:
    mine = select(Application).where(Application.user_id == event.user_id, Application.id == event.subject_id)
    return (await db.execute(mine.with_for_update())).scalar_one_or_none()
