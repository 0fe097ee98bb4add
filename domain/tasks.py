"""Reactions of the business: who scores, who escalates, what expires."""

from datetime import timedelta

from sqlalchemy import select

from domain.applications import applications, offers, promises
from domain.applications.applications import Application
from domain.applications.review_holds import ReviewHold
from domain.consent.consent_requests import ConsentRequest
from domain.consent.consenting import DAYS_MAX
from domain.credit import assessing
from domain.disputes import disputes
from domain.facts import accounts, contributed
from domain.facts.link_requests import AccountLinkRequest
from domain.facts.readings import IS_COUNTING_ON, Reading
from domain.people import profiles, sessions
from domain.people.challenges import Challenge
from domain.people.places import KNOWN_FOR
from domain.people.sessions import Session
from domain.people.staff_sessions import StaffSession
from domain.sharing.share_grants import ShareGrant
from domain.sharing.share_requests import ShareRequest
from infra import pruning
from infra.database import Db
from infra.outbox import Event
from infra.pruning import Stale
from infra.reactions import reaction

SPENT_KEPT = timedelta(days=30)

# Challenges, links under way and what a partner asked to no effect are of no use to anybody a month later; what counted on until
# now nobody has leave to keep, and a hold that is over holds nothing. Who shared is known by the consent, and no grant outlives
# that; a session that was ended, or lapsed, is of no device that is known again, and staff's networks are known for as long as
# `places` says.
pruning.forget(
    "prune_spent",
    Stale(Challenge.created_at, pruning.ago(SPENT_KEPT)),
    Stale(AccountLinkRequest.created_at, pruning.ago(SPENT_KEPT)),
    Stale(ReviewHold.held_until, pruning.ago(timedelta(0))),
    Stale(ConsentRequest.expires_at, pruning.ago(SPENT_KEPT), ConsentRequest.consent_id.is_(None)),
    Stale(ShareRequest.expires_at, pruning.ago(timedelta(0))),
    Stale(ShareGrant.created_at, pruning.ago(timedelta(days=DAYS_MAX))),
    Stale(Session.ended_at, pruning.ago(sessions.KEPT)),
    Stale(Session.expires_at, pruning.ago(sessions.KEPT)),
    Stale(StaffSession.expires_at, pruning.ago(KNOWN_FOR)),
    Stale(Reading.withdrawn_at, pruning.ago(timedelta(0)), IS_COUNTING_ON),
)


SCORED_AFTER = (
    accounts.LINKED,
    accounts.UNLINKED,
    accounts.BROKEN,
    accounts.READ,
    profiles.CHANGED,
    disputes.UPHELD,
    contributed.CONTRIBUTED,
    contributed.ENDED,
)


@reaction(*SCORED_AFTER, stored_as="score_after_change")
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


async def _application(db: Db, event: Event) -> Application | None:
    mine = select(Application).where(Application.user_id == event.user_id, Application.id == event.subject_id)
    return (await db.execute(mine.with_for_update())).scalar_one_or_none()
