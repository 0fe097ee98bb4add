"""What integrations do when something has happened."""

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, update

from domain.facts import accounts, orphaned_tokens
from domain.facts.accounts import LinkedAccount
from domain.facts.link_lives import BrokenWhy
from domain.notices import contacting, words
from domain.notices.telling import notify
from domain.people import challenges
from domain.people.challenges import Challenge, CodePurpose
from infra import clock
from infra.database import Db, reading, transaction
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_, say
from integrations import keeping_links
from integrations.registrations import registration_or_name
from integrations.sms.gateways import gateway
from integrations.sms.messages import NotSent, SmsFailure, TextMessage

log = structlog.get_logger()


@reaction(challenges.CREATED, stored_as="send_code", calls_out=True)
async def send_code(event: Event) -> None:
    """Send a code: at most one message per challenge, though events are delivered at least once.

    Where the gateway cannot tell a repeat, the challenge is marked before the call. A crash in between loses the message:
    the lesser evil, since the person can ask again after a minute, and a second message costs money and looks like an
    attack. The mark is taken back only where the gateway surely sent nothing.
    """
    assert event.subject_id, "a challenge's event names it"
    chosen = gateway()
    challenge = await (_waiting if chosen.drops_repeats else _mark)(event.subject_id)
    if challenge is None or not await _may_be_sent(challenge):
        return
    try:
        await chosen.send(_message(challenge))
    except NotSent:
        await _take_back(challenge.id)
        raise
    except SmsFailure as failure:
        log.warning("sms.failed", reason=failure.reason)
    await _mark(challenge.id)


TOLD_OF_ACCOUNTS = {
    accounts.LINKED: words.ACCOUNT_LINKED,
    accounts.UNLINKED: words.ACCOUNT_UNLINKED,
    accounts.EXPIRING: words.ACCOUNT_EXPIRING,
    BrokenWhy.REVOKED: words.ACCOUNT_REVOKED,
    BrokenWhy.ENDED: words.ACCOUNT_ENDED,
}


@reaction(*(accounts.LINKED, accounts.UNLINKED, accounts.EXPIRING, accounts.BROKEN), stored_as="tell_of_account")
async def tell_of_account(db: Db, event: Event) -> None:
    assert event.user_id, "an account is somebody's"
    account = await db.get_one(LinkedAccount, (event.user_id, event.subject_id))
    provider = registration_or_name(account.provider).provider.name
    values = {"ends_at": account.ends_at} if event.name == accounts.EXPIRING and account.ends_at else {}
    kind = TOLD_OF_ACCOUNTS[event.data.get("why", event.name)]
    if event.name != accounts.EXPIRING or values:
        await notify(db, event.user_id, kind, account.id, provider=provider, **values)


@reaction(accounts.UNLINKED, stored_as="revoke_at_provider", calls_out=True)
async def revoke_at_provider(event: Event) -> None:
    assert event.user_id and event.subject_id, "an account is somebody's"
    await keeping_links.take_leave((event.user_id, event.subject_id), event.occurred_at)


@reaction(orphaned_tokens.DUE, stored_as="give_back_orphaned_tokens", calls_out=True)
async def give_back_orphaned_tokens(event: Event) -> None:
    assert event.subject_id, "tokens that were left behind"
    await keeping_links.give_back(event.subject_id)


@reaction(keeping_links.DUE, keeping_links.GOES_ON, stored_as="keep_links", calls_out=True)
async def keep_links(event: Event) -> None:
    await keeping_links.keep_some()


async def _may_be_sent(challenge: Challenge) -> bool:
    """A code goes through the gate too, which lets it pass by day and night."""
    async with reading() as db:
        return (await contacting.may_be_sent_a_code(db, challenge.phone_index)).is_allowed


async def _waiting(challenge_id: UUID) -> Challenge | None:
    """The challenge whose code waits to be sent; None where it was sent before, or nobody waits for it any more."""
    async with reading() as db:
        waiting = select(Challenge).where(*_still_waits(challenge_id, await clock.now(db)))
        return (await db.execute(waiting)).scalar_one_or_none()


async def _mark(challenge_id: UUID) -> Challenge | None:
    """Mark the challenge that waits as sent."""
    async with transaction() as db:
        now = await clock.now(db)
        marked = update(Challenge).where(*_still_waits(challenge_id, now)).values(sent_at=now).returning(Challenge)
        return (await db.execute(marked)).scalar_one_or_none()


def _still_waits(challenge_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Challenge.id == challenge_id,
        Challenge.sent_at.is_(None),
        Challenge.answered_at.is_(None),
        Challenge.expires_at > now,
    )


async def _take_back(challenge_id: UUID) -> None:
    async with transaction() as db:
        await db.execute(update(Challenge).where(Challenge.id == challenge_id).values(sent_at=None))


def _message(challenge: Challenge) -> TextMessage:
    code, minutes = challenges.code_of(challenge), challenges.minutes_of(challenge)
    body = say(_sentence(challenge), challenges.language_of(challenge), code=code, minutes=minutes)
    stops_change = challenge.purpose is CodePurpose.STOP_CHANGE
    return TextMessage(challenge.id, challenges.phone_of(challenge), body, code, minutes, stops_change)


def _sentence(challenge: Challenge) -> str:
    if challenge.purpose is CodePurpose.STOP_CHANGE:
        return N_(
            "Your Longan account has a new number. If it was not you, stop it within {minutes} minutes: enter this number and {code}."
        )
    return N_("{code} is your Longan code, valid for {minutes} minutes. Share it with nobody, not even with us.")
