"""Leaving: a person asks to be erased, comes back in time, or is erased by the worker once nothing is owed any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from domain.actors import UserActor
from domain.applications import applications, applying
from domain.applications.applications import Application
from domain.consent import consents
from domain.consent.consents import Consent
from domain.credit.assessing import points_gained
from domain.deadlines import deadlines
from domain.facts import accounts
from domain.notices.telling import notify
from domain.people import changing_phone, putting_away, stepping_up, users
from domain.people.changing_phone import PhoneChange
from domain.people.users import User, UserStatus
from domain.privacy import deletions, erasing, retention
from domain.privacy.deletions import COOLING, LEAVES_BEFORE, AccountDeletion
from domain.privacy.owned import NO_SESSION
from infra import clock, outbox, vault
from infra.database import Db
from infra.errors import invalid
from infra.outbox import Event
from infra.reactions import reaction
from infra.words import N_

CONFIRMATION = ("input", "confirmation")


@dataclass(frozen=True)
class DeletionStanding:
    """`effective_at`: when all is erased; None while something is waited for."""

    effective_at: datetime | None
    waits_for: Sequence[str]


async def ask(db: Db, actor: UserActor, confirmation: str) -> DeletionStanding:
    """Restrict the account at once, and erase it after the cooling time; asked again, it stays as it was.

    Refuses INVALID another number than their own, STEP_UP_REQUIRED of a session older than a day, and NOT_OPEN whoever recovered.
    """
    user = await db.get_one(User, actor.user_id, with_for_update=True, populate_existing=True)
    if users.phone_of(user, await vault.seal_of(db, user.id)) != confirmation.strip():
        raise invalid(N_("Enter the phone number of this account."), CONFIRMATION)
    if not await stepping_up.is_young(db, actor):
        await stepping_up.require_step_up(db, actor)
    made = await deletions.under_way(db, user.id) or await _begin(db, actor, user)
    waits_for = await putting_away.what_is_open(db, user.id)
    return DeletionStanding(None if waits_for else made.due_at, waits_for)


async def _begin(db: Db, actor: UserActor, user: User) -> AccountDeletion:
    now = await clock.now(db)
    made = AccountDeletion(user_id=user.id, asked_at=now, due_at=now + COOLING)
    db.add(made)
    users.LIFE.require(user.status, UserStatus.RESTRICTED)
    user.status = UserStatus.RESTRICTED
    await _end_what_is_open(db, actor)
    await outbox.announce(db, deletions.ASKED, user_id=user.id, subject_id=made.id)
    await outbox.announce(db, deletions.LEAVING_DUE, subject_id=user.id, due_at=made.due_at - LEAVES_BEFORE)
    return made


async def _end_what_is_open(db: Db, actor: UserActor) -> None:
    """Applications are taken back, and no consent opens anything any more."""
    mine = select(Application.id).where(Application.user_id == actor.user_id)
    for id in (await db.execute(mine.where(Application.status.in_(applications.OPEN)))).scalars().all():
        await applying.withdraw(db, actor, id)
    given = select(Consent).where(Consent.user_id == actor.user_id, Consent.revoked_at.is_(None)).with_for_update()
    now = await clock.now(db)
    for consent in (await db.execute(given)).scalars().all():
        await consents.take_back(db, consent, now)
    await db.flush()


async def cancel(db: Db, actor: UserActor) -> User:
    """Call it off before it is done; where nothing was asked for this changes nothing. What had ended stays so."""
    user = await db.get_one(User, actor.user_id, with_for_update=True, populate_existing=True)
    made = await deletions.under_way(db, user.id)
    if made is not None:
        await _call_off(db, user, made)
    return user


async def _call_off(db: Db, user: User, made: AccountDeletion) -> None:
    made.cancelled_at = await clock.now(db)
    # Whoever has their account back is active before; and what was put away again is not opened by this.
    if user.status is not UserStatus.ACTIVE and user.put_away_at is None:
        users.LIFE.require(user.status, UserStatus.ACTIVE)
        user.status = UserStatus.ACTIVE
    await outbox.announce(db, deletions.CANCELLED, user_id=user.id, subject_id=made.id)


@reaction(putting_away.RESTORED, stored_as="stay_with_restored")
async def stay_with_restored(db: Db, event: Event) -> None:
    """Whoever has their account back after its number had a new owner stays."""
    user, made = await _leaving(db, event.user_id)
    if user and made:
        await _call_off(db, user, made)


@reaction(changing_phone.STOPPED, stored_as="stay_with_old_phone")
async def stay_with_old_phone(db: Db, event: Event) -> None:
    """Call off what was asked for behind a change of number that the owner stopped: whoever had the new number was told of it."""
    user, made = await _leaving(db, event.user_id)
    if user and made and made.asked_at >= (await db.get_one(PhoneChange, (user.id, event.subject_id))).changed_at:
        await _call_off(db, user, made)


@reaction(deletions.ASKED, stored_as="tell_deletion_asked")
async def tell_deletion_asked(db: Db, event: Event) -> None:
    assert event.user_id, "a deletion is somebody's"
    if await deletions.under_way(db, event.user_id):
        await notify(db, event.user_id, deletions.DELETION_ASKED)


@reaction(deletions.LEAVING_DUE, stored_as="leave_providers")
async def leave_providers(db: Db, event: Event) -> None:
    """Unlink the accounts, while we can still ask their providers to forget us; a day later all is erased.

    What is still waited for is looked at again each day.
    """
    found = await _due(db, event)
    if found is None:
        return
    user, made = found
    now = await clock.now(db)
    if await putting_away.what_is_open(db, user.id):
        due_at = now + LEAVES_BEFORE
        made.due_at = due_at + LEAVES_BEFORE
        await outbox.announce(db, deletions.LEAVING_DUE, subject_id=user.id, due_at=due_at)
        return
    for account in await accounts.linked(db, user.id):
        await accounts.unlink(db, UserActor(user.id, NO_SESSION), account.id, weigh=points_gained)
    await outbox.announce(db, deletions.ERASURE_DUE, subject_id=user.id, due_at=max(made.due_at, now + LEAVES_BEFORE))


@reaction(deletions.ERASURE_DUE, stored_as="erase_person")
async def erase_person(db: Db, event: Event) -> None:
    """Erase all that may go, for good. Whoever came to owe something meanwhile waits again."""
    found = await _due(db, event)
    if found is None:
        return
    user, made = found
    if await putting_away.what_is_open(db, user.id):
        await outbox.announce(db, deletions.LEAVING_DUE, subject_id=user.id)
        return
    made.erased_at = await clock.now(db)
    await db.flush()
    await deadlines.end_all(db, user.id)
    await erasing.erase(db, user.id)
    await outbox.announce(db, deletions.ERASED, subject_id=user.id)
    await _plan_to_forget(db, made)


@reaction(deletions.KEEPING_ENDS, stored_as="forget_kept")
async def forget_kept(db: Db, event: Event) -> None:
    """What the law asked for goes when its time is over: each kind at its own."""
    assert event.subject_id, "a deletion is somebody's"
    made = await deletions.of_erased(db, event.subject_id)
    if made is None or made.erased_at is None:
        return
    await _plan_to_forget(db, made)
    over = retention.over(await clock.now(db) - made.erased_at)
    await erasing.forget_kept(db, made.user_id, over)


async def _plan_to_forget(db: Db, made: AccountDeletion) -> None:
    assert made.erased_at is not None, "it is done"
    due_at = retention.next_end(made.erased_at, await clock.now(db))
    if due_at is not None:
        await outbox.announce(db, deletions.KEEPING_ENDS, subject_id=made.user_id, due_at=due_at)


async def is_due(db: Db, event: Event) -> bool:
    """Whether they leave now, as this event says: they did not call it off, nor ask anew since, for a later day."""
    return await _due(db, event) is not None


async def _due(db: Db, event: Event) -> tuple[User, AccountDeletion] | None:
    """The person and what they asked for; None where they called it off, or asked anew since, for a later day."""
    user, made = await _leaving(db, event.subject_id)
    if user is None or made is None or await clock.now(db) < made.due_at - LEAVES_BEFORE:
        return None
    return user, made


async def _leaving(db: Db, user_id: UUID | None) -> tuple[User | None, AccountDeletion | None]:
    """The person, locked, and what they asked for."""
    its = select(User).where(User.id == user_id).with_for_update()
    user = (await db.execute(its.execution_options(populate_existing=True))).scalar_one_or_none()
    return user, await deletions.under_way(db, user.id) if user else None
