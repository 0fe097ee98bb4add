"""Answering a website: whoever sits at the browser signs in for this alone, sees what is asked, and says yes or no."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.consent import consents
from domain.consent.consents import ConsentScope
from domain.people import gates, recoveries, sessions, worlds
from domain.people.sessions import Session
from domain.sharing import share_grants, share_requests
from domain.sharing.share_grants import ShareGrant
from domain.sharing.share_requests import Browser, ShareRequest
from infra import clock
from infra.database import Db
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_

DAYS = ("input", "days")


@dataclass(frozen=True)
class ShareAnswer:
    """`grant` None: a no."""

    request: ShareRequest
    grant: ShareGrant | None


async def take_seat(db: Db, request: ShareRequest, session: Session) -> Browser:
    """Let whoever just signed in answer this request, in this browser. Their session ends with the request."""
    session.expires_at = request.expires_at
    return share_requests.bind(request, (session.user_id, session.id))


async def seated(db: Db, browser: Browser) -> UserActor | None:
    """Who signed in here, while their session lives."""
    if browser.signed_in is None:
        return None
    user_id, session_id = browser.signed_in
    live = select(Session.recovering_until).where(
        Session.user_id == user_id,
        Session.id == session_id,
        Session.ended_at.is_(None),
        Session.expires_at > await clock.now(db),
    )
    row = (await db.execute(live)).one_or_none()
    return UserActor(user_id, session_id, row.recovering_until) if row else None


async def answered(db: Db, request: ShareRequest, browser: Browser) -> ShareAnswer | None:
    """What was answered here a moment ago, as when the reply was lost; None where its code would be of no use any more."""
    if request.declined_at is not None:
        return ShareAnswer(request, None)
    if request.grant_id is None or browser.signed_in is None:
        return None
    grant = await share_grants.locked(db, browser.signed_in[0], request.grant_id)
    return ShareAnswer(request, grant) if grant and grant.takes_code(await clock.now(db)) else None


async def allow(db: Db, request: ShareRequest, actor: UserActor, days: int) -> ShareAnswer:
    """Give the consent that was asked for, for so many days.

    Refuses NOT_OPEN what was answered, INVALID more days than were asked for, SESSION_ENDED, and NOT_ALLOWED whoever is leaving
    and, at a test client, whoever is real. The person is locked before their session, as by whoever puts an account away.
    """
    _refuse_answered(request)
    if not 1 <= days <= request.days:
        raise invalid(N_("They asked for 1 to {most} days."), DAYS, most=request.days)
    await worlds.refuse_apart(db, actor.user_id, request.partner_id)
    await gates.refuse_closing(db, actor)
    await sessions.require_live(db, actor.user_id, actor.session_id)
    await recoveries.refuse(db, actor)
    grant = await _give(db, request, actor.user_id, timedelta(days=days))
    request.grant_id = grant.id
    await _leave_seat(db, actor)
    return ShareAnswer(request, grant)


async def decline(db: Db, request: ShareRequest, actor: UserActor | None) -> ShareAnswer:
    """Say no, signed in or not. Refuses NOT_OPEN what was answered."""
    _refuse_answered(request)
    request.declined_at = await clock.now(db)
    if actor is not None:
        await _leave_seat(db, actor)
    return ShareAnswer(request, None)


def _refuse_answered(request: ShareRequest) -> None:
    if request.is_answered:
        raise Refusal(RefusalCode.NOT_OPEN, N_("This request was answered already, or is too old."))


async def _give(db: Db, request: ShareRequest, user_id: UUID, lasts: timedelta) -> ShareGrant:
    scopes = [ConsentScope(scope) for scope in request.scopes]
    consent = await consents.give(db, user_id, request.partner_id, request.purpose, scopes, lasts=lasts)
    await db.flush()
    grant = ShareGrant(
        user_id=user_id,
        consent_id=consent.id,
        client_id=request.client_id,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        is_offline=request.is_offline,
        created_at=consent.granted_at,
    )
    db.add(grant)
    await db.flush()
    return grant


async def _leave_seat(db: Db, actor: UserActor) -> None:
    """Nobody stays signed in at a browser that was only meant to answer."""
    session = await sessions.locked(db, actor.user_id, actor.session_id)
    assert session is not None, "the actor came from this session"
    await sessions.end(db, session)
