"""The life of a link between linking and unlinking: renewed in time, told before it ends, and broken where it ended.

Whoever calls a provider holds no lock meanwhile, so what came of the call counts only if the account has the tokens still that were sent.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select

from domain.facts import leaving, readings
from domain.facts.accounts import LIFE, READ, READABLE, TOKENS, LinkedAccount, LinkStatus, end_link
from domain.facts.leaving import Weigh
from domain.facts.open_readings import Opened
from infra import clock, outbox, vault
from infra.database import Db
from infra.entity import Json

WARNED_BEFORE = timedelta(days=7)
# A renewal without an answer is tried again after this; until then nobody else tries it.
TRIED_AGAIN_AFTER = timedelta(minutes=15)
FRESH = timedelta(minutes=1)  # what was told so lately is what would be told now
SUBJECT = "subject"  # among the tokens that are kept: some providers want it with each question

TOLD_TO_THE_SECOND = timedelta(seconds=1)

Key = tuple[UUID, UUID]  # of an account: its owner and its id


class BrokenWhy(StrEnum):
    REVOKED = "REVOKED"  # the person took their permission back at the provider
    ENDED = "ENDED"  # its time was over, and nobody gave it anew


@dataclass(frozen=True)
class HeldTokens:
    """The tokens of an account, as they were when somebody took them to send them.

    `was_unanswered`: they were sent before, and nobody knows whether they were spent by it.
    """

    user_id: UUID
    account_id: UUID
    provider: str
    subject_index: bytes
    tokens: Json = field(repr=False)
    sealed: bytes = field(repr=False)
    at: datetime
    was_unanswered: bool = False

    @property
    def subject(self) -> str | None:
        """Whose account it is there, where it was kept: older links kept it as an index alone."""
        return self.tokens.get(SUBJECT)

    def is_of(self, subject: str) -> bool:
        return vault.blind_index(f"subject:{self.provider}", subject) == self.subject_index


class RenewedTokens(Protocol):
    """What a provider gave for the old ones."""

    @property
    def tokens(self) -> Json: ...
    @property
    def renew_at(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...


async def to_renew(db: Db, limit: int) -> list[Key]:
    """Accounts whose tokens are due to be renewed, the first due first."""
    due = select(LinkedAccount.user_id, LinkedAccount.id).where(LinkedAccount.renew_at <= await clock.now(db))
    rows = await db.execute(due.order_by(LinkedAccount.renew_at).limit(limit))
    return [(row.user_id, row.id) for row in rows]


async def take_to_renew(db: Db, key: Key) -> HeldTokens | None:
    """The tokens, for one to renew them; None where it is not due or another is at it."""
    now = await clock.now(db)
    due = select(LinkedAccount).where(*_is(key), LinkedAccount.renew_at <= now).with_for_update()
    account = (await db.execute(due)).scalar_one_or_none()
    held = await _held(db, account, now)
    if account is not None:
        account.renew_at, account.renewal_unanswered = now + TRIED_AGAIN_AFTER, True
    return held


async def lives_on(db: Db, provider: str, subject: str | None) -> bool:
    """Whether somebody's account is linked by the permission of this subject, whoever had it before: a provider knows one of each."""
    if subject is None:
        return False
    index = vault.blind_index(f"subject:{provider}", subject)
    its = (LinkedAccount.provider == provider, LinkedAccount.subject_index == index)
    linked = exists().where(*its, LinkedAccount.status.in_(READABLE))
    return bool((await db.execute(select(linked))).scalar_one())


async def take_unlinked(db: Db, key: Key) -> HeldTokens | None:
    """The tokens that an unlinked account still has, to give them back; None where it has none, or is linked again."""
    account = await db.get(LinkedAccount, key)
    is_over = account is not None and account.status is LinkStatus.UNLINKED
    return await _held(db, account if is_over else None, await clock.now(db))


async def readable(db: Db, user_id: UUID) -> list[HeldTokens]:
    """The tokens of this person's accounts that can be read now, and told nothing in the last minute."""
    now = await clock.now(db)
    lately = await readings.told_since(db, user_id, now - FRESH)
    theirs = select(LinkedAccount).where(LinkedAccount.user_id == user_id, LinkedAccount.status.in_(READABLE))
    accounts = [each for each in (await db.execute(theirs)).scalars().all() if each.source not in lately]
    held = [await _held(db, account, now) for account in accounts]
    return [each for each in held if each is not None]


async def record_reading(db: Db, held: HeldTokens, told: Opened, weigh: Weigh) -> None:
    """Let what an account tells now count in the place of what it told before, unless it was unlinked meanwhile."""
    account = await _as_held(db, held)
    if account is not None and account.status in READABLE:
        await leaving.replace_readings(db, account.user_id, account.id, told, weigh)
        await outbox.announce(db, READ, user_id=account.user_id, subject_id=account.id)


async def record_renewal(db: Db, held: HeldTokens, fresh: RenewedTokens) -> None:
    """Keep the new tokens, unless the account has others meanwhile; one that was unlinked keeps them to give them back."""
    account = await _as_held(db, held)
    if account is None:
        return
    kept = {**fresh.tokens, SUBJECT: held.subject} if held.subject else fresh.tokens
    account.tokens_sealed = (await vault.seal_of(db, held.user_id)).close(kept, TOKENS)
    if account.status not in READABLE:
        return
    account.renew_at, account.ends_at, account.renewal_unanswered = fresh.renew_at, fresh.ends_at, False
    if account.status is LinkStatus.EXPIRING and not _is_near(fresh.ends_at, held.at):
        await LIFE.move(db, account, LinkStatus.ACTIVE)


async def record_refusal(db: Db, held: HeldTokens) -> None:
    """The provider refused for a reason that is not the person's: the tokens are as good, or as doubtful, as before."""
    if account := await _as_held(db, held):
        account.renewal_unanswered = held.was_unanswered


async def record_lost(db: Db, held: HeldTokens) -> None:
    """The tokens may have been spent by us, and what came for them was lost: nobody took anything back, and it must be linked again."""
    account = await _as_held(db, held)
    if account is not None and account.status in READABLE:
        await _break(db, account, BrokenWhy.ENDED)


async def record_revoked(db: Db, held: HeldTokens, weigh: Weigh) -> None:
    """The provider says that the permission is over: what the account told ends, as if it were unlinked."""
    account = await _as_held(db, held)
    if account is not None and account.status in READABLE:
        await _revoke(db, account, weigh)


async def record_withdrawal(
    db: Db, provider: str, subject: str, at: datetime, weigh: Weigh, *, to_forget: bool
) -> None:
    """A provider tells that whoever this account is took their permission back there; `to_forget`: and wants what it told deleted.

    What was linked after that was said stays.
    """
    index = vault.blind_index(f"subject:{provider}", subject)
    its = (LinkedAccount.provider == provider, LinkedAccount.subject_index == index)
    known = (await db.execute(select(LinkedAccount.user_id, LinkedAccount.id).where(*its))).all()
    for user_id, id in sorted(known):
        account = await db.get_one(LinkedAccount, (user_id, id), with_for_update=True)
        if account.linked_at >= at + TOLD_TO_THE_SECOND:
            continue
        if to_forget:
            await _forget(db, account, weigh)
        elif account.status in READABLE:
            await _revoke(db, account, weigh)


async def _revoke(db: Db, account: LinkedAccount, weigh: Weigh) -> None:
    await _break(db, account, BrokenWhy.REVOKED)
    await leaving.leave(db, account.user_id, account.id, account.source, weigh)


async def _forget(db: Db, account: LinkedAccount, weigh: Weigh) -> None:
    if account.status is not LinkStatus.UNLINKED:
        await end_link(db, account, weigh)
    account.display_name_sealed = None
    await readings.forget_withdrawn(db, account.user_id, account.source)


async def forget_tokens(db: Db, held: HeldTokens) -> bool:
    """Nothing is left of what let us read there. False where the account has other tokens meanwhile."""
    account = await _as_held(db, held)
    if account is not None:
        account.tokens_sealed = None
    return account is not None


async def to_age(db: Db, limit: int) -> list[Key]:
    """Accounts that end soon and were not said to, and those that have ended."""
    now = await clock.now(db)
    due = select(LinkedAccount.user_id, LinkedAccount.id).where(_is_due(now)).order_by(LinkedAccount.ends_at)
    return [(row.user_id, row.id) for row in await db.execute(due.limit(limit))]


async def age(db: Db, key: Key) -> None:
    """Say that it ends soon, or that it has ended. What it told counts on until that grows old: nobody took it back."""
    now = await clock.now(db)
    due = select(LinkedAccount).where(*_is(key), _is_due(now)).with_for_update()
    account = (await db.execute(due)).scalar_one_or_none()
    if account is None or account.ends_at is None:
        return
    if account.ends_at <= now:
        await _break(db, account, BrokenWhy.ENDED)
    else:
        await LIFE.move(db, account, LinkStatus.EXPIRING)


async def _break(db: Db, account: LinkedAccount, why: BrokenWhy) -> None:
    await LIFE.move(db, account, LinkStatus.BROKEN, why=why.value)
    account.tokens_sealed, account.renew_at, account.ends_at = None, None, None
    await db.flush()


def _is_due(now: datetime) -> ColumnElement[bool]:
    has_ended = and_(LinkedAccount.status.in_(READABLE), LinkedAccount.ends_at <= now)
    ends_soon = and_(LinkedAccount.status == LinkStatus.ACTIVE, LinkedAccount.ends_at <= now + WARNED_BEFORE)
    return or_(has_ended, ends_soon)


def _is_near(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at <= now + WARNED_BEFORE


def _is(key: Key) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LinkedAccount.user_id == key[0], LinkedAccount.id == key[1]


async def _held(db: Db, account: LinkedAccount | None, now: datetime) -> HeldTokens | None:
    if account is None or account.tokens_sealed is None:
        return None
    tokens = (await vault.seal_of(db, account.user_id)).open(account.tokens_sealed, TOKENS)
    whose = (account.user_id, account.id, account.provider, account.subject_index)
    return HeldTokens(
        *whose, tokens=tokens, sealed=account.tokens_sealed, at=now, was_unanswered=account.renewal_unanswered
    )


async def _as_held(db: Db, held: HeldTokens) -> LinkedAccount | None:
    """The account, locked, if it has the very tokens still."""
    account = await db.get(LinkedAccount, (held.user_id, held.account_id), with_for_update=True, populate_existing=True)
    return account if account is not None and account.tokens_sealed == held.sealed else None
