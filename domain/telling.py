"""Reactions that tell people what became of their applications and devices."""

from uuid import UUID

from sqlalchemy import exists, or_, select

from domain.applications import applications, offers
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.applied_terms import AppliedTerms
from domain.applications.offers import Offer
from domain.consent import consents
from domain.consent.consents import Consent
from domain.notices import application_words, devices, preferences, words
from domain.notices.contacting import KEPT_FOR, Contact
from domain.notices.deliveries import Delivery
from domain.notices.kinds import NoticeKind
from domain.notices.telling import notify
from domain.people import changing_phone, identities, payment_accounts, recoveries, second_factors, sessions
from domain.people import devices as signed_in
from domain.people.partners import Partner
from domain.people.sessions import Session
from domain.people.users import User
from infra import pruning
from infra.database import Db
from infra.outbox import Event
from infra.pruning import Stale
from infra.reactions import reaction

KIND_OF = {
    applications.APPROVED: application_words.APPLICATION_APPROVED,
    applications.DECLINED: application_words.APPLICATION_DECLINED,
    applications.REFERRED: application_words.APPLICATION_IN_REVIEW,
    applications.DELAYED: application_words.APPLICATION_DELAYED,
    applications.ACCEPTED: application_words.APPLICATION_ACCEPTED,
    applications.EXPIRED: application_words.APPLICATION_EXPIRED,
    applications.WITHDRAWN: application_words.APPLICATION_WITHDRAWN,
}


# What ended long ago is of no use to anybody; the notice itself stays.
pruning.forget(
    "prune_contacts",
    Stale(Contact.at, pruning.ago(KEPT_FOR)),
    Stale(Delivery.ended_at, pruning.ago(KEPT_FOR)),
)

STATUS_AFTER = {move.event: move.target for move in applications.LIFE.moves if move.event in KIND_OF}


@reaction(*KIND_OF, stored_as="tell_of_application")
async def tell_of_application(db: Db, event: Event) -> None:
    """What has moved on meanwhile is told by what moved it, and never in its place: workers may come to the later first."""
    if await _status(db, event) is STATUS_AFTER[event.name]:
        await _tell(db, event, KIND_OF[event.name])


@reaction(applications.SUBMITTED, stored_as="tell_who_has_it")
async def tell_who_has_it(db: Db, event: Event) -> None:
    """What was answered at once needs no word that it was sent."""
    if await _status(db, event) is ApplicationStatus.SUBMITTED:
        await _tell(db, event, application_words.APPLICATION_SENT)


@reaction(offers.ENDS_SOON, stored_as="tell_offer_ends_soon")
async def tell_offer_ends_soon(db: Db, event: Event) -> None:
    if await _status(db, event) is ApplicationStatus.APPROVED:
        await _tell(db, event, application_words.OFFER_ENDS_SOON)


async def _status(db: Db, event: Event) -> ApplicationStatus | None:
    mine = select(Application.status).where(Application.user_id == event.user_id, Application.id == event.subject_id)
    return (await db.execute(mine)).scalar_one_or_none()


async def _tell(db: Db, event: Event, kind: NoticeKind) -> None:
    asked = (
        select(AppliedTerms.title, Partner.name, Application.promised_by, Offer.expires_at)
        .select_from(Application)
        .join(
            AppliedTerms,
            (AppliedTerms.user_id == Application.user_id) & (AppliedTerms.application_id == Application.id),
        )
        .join(Partner, Partner.id == Application.partner_id)
        .outerjoin(Offer, (Offer.user_id == Application.user_id) & (Offer.application_id == Application.id))
        .where(Application.user_id == event.user_id, Application.id == event.subject_id)
    )
    row = (await db.execute(asked)).one_or_none()
    if row is not None and event.user_id is not None:
        product, partner, promised_by, expires_at = row
        by_at = expires_at or promised_by
        await notify(db, event.user_id, kind, event.subject_id, product=product, partner=partner, by_at=by_at)


@reaction(sessions.BEGUN, stored_as="tell_of_new_device")
async def tell_of_new_device(db: Db, event: Event) -> None:
    """Told to whoever is signed in elsewhere or was before: the first device of all is no news. Whoever has been here for so long
    that their first may be forgotten had one. Whoever a test client lets do something never was, and is told nothing of it.

    In the language of the owner, which is not for whoever recovered to change.
    """
    user_id, session_id = _session(event)
    session = await db.get(Session, (user_id, session_id))
    if session is None or session.recovering_until is None:
        await preferences.remember_language(db, user_id, "en" if event.data["locale"] == "en" else "zh")
    other = exists().where(Session.user_id == user_id, Session.id != session_id)
    was_here = or_(other, User.created_at < event.occurred_at - sessions.KEPT)
    theirs = select(User.id).where(User.id == user_id, User.tests_for.is_(None), was_here)
    if (await db.execute(theirs)).first() is not None:
        await _tell_of_device(db, event, words.DEVICE_SIGNED_IN)


@reaction(sessions.REUSED, stored_as="tell_of_copied_device")
async def tell_of_copied_device(db: Db, event: Event) -> None:
    await _tell_of_device(db, event, words.DEVICE_COPIED)


@reaction(signed_in.DEVICE_ENDED, stored_as="tell_of_ended_device")
async def tell_of_ended_device(db: Db, event: Event) -> None:
    await _tell_of_device(db, event, words.DEVICE_SIGNED_OUT)


@reaction(identities.CHECKED, identities.MISMATCHED, stored_as="tell_of_identity")
async def tell_of_identity(db: Db, event: Event) -> None:
    assert event.user_id, "an identity is somebody's"
    is_checked = event.name == identities.CHECKED
    await notify(db, event.user_id, words.IDENTITY_CHECKED if is_checked else words.IDENTITY_MISMATCHED)


@reaction(sessions.ENDED, stored_as="forget_push_of_session")
async def forget_push_of_session(db: Db, event: Event) -> None:
    await devices.forget_session(db, *_session(event))


async def _tell_of_device(db: Db, event: Event, kind: NoticeKind) -> None:
    user_id, session_id = key = _session(event)
    if name := (await signed_in.names(db, {key})).get(key):
        await notify(db, user_id, kind, session_id, device=name)


def _session(event: Event) -> tuple[UUID, UUID]:
    assert event.user_id and event.subject_id, f"{event.name} is about a person's session"
    return event.user_id, event.subject_id


@reaction(second_factors.ENROLLED, second_factors.REMOVED, stored_as="tell_of_second_factor")
async def tell_of_second_factor(db: Db, event: Event) -> None:
    assert event.user_id is not None, "a second factor's event names whose it is"
    is_added = event.name == second_factors.ENROLLED
    await notify(db, event.user_id, words.SECOND_FACTOR_ADDED if is_added else words.SECOND_FACTOR_REMOVED)


@reaction(recoveries.RECOVERED, stored_as="tell_of_recovery")
async def tell_of_recovery(db: Db, event: Event) -> None:
    """Tell of it by every way, and on the devices that were signed in before: from there it can be undone."""
    user_id, session_id = _session(event)
    ends_at = (await db.get_one(Session, (user_id, session_id))).recovering_until
    await notify(db, user_id, words.SECOND_FACTOR_RECOVERED, session_id, ends_at=ends_at)


@reaction(payment_accounts.ADDED, payment_accounts.REMOVED, stored_as="tell_of_payment_account")
async def tell_of_payment_account(db: Db, event: Event) -> None:
    """Whoever removes one may be a thief who leaves theirs as the only one."""
    assert event.user_id is not None, "a payment account's event names whose it is"
    is_added = event.name == payment_accounts.ADDED
    await notify(db, event.user_id, words.PAYMENT_ACCOUNT_ADDED if is_added else words.PAYMENT_ACCOUNT_REMOVED)


@reaction(changing_phone.CHANGED, changing_phone.STOPPED, stored_as="tell_of_phone_change")
async def tell_of_phone_change(db: Db, event: Event) -> None:
    """Tell the person's devices, which may all be another's or none: the old number has a text of its own."""
    assert event.user_id is not None, "a change's event names whose number it was"
    is_stopped = event.name == changing_phone.STOPPED
    await notify(db, event.user_id, words.PHONE_CHANGE_STOPPED if is_stopped else words.PHONE_CHANGED)


@reaction(consents.GRANTED, consents.REVOKED, stored_as="tell_of_consent")
async def tell_of_consent(db: Db, event: Event) -> None:
    """Tell of a consent that came without an application; of the others the application's own notices tell."""
    asked = (
        select(Partner.name, Consent.expires_at)
        .join(Partner, Partner.id == Consent.partner_id)
        .where(Consent.user_id == event.user_id, Consent.id == event.subject_id, Consent.application_id.is_(None))
    )
    row = (await db.execute(asked)).one_or_none()
    if row is not None and event.user_id is not None:
        kind = words.CONSENT_GRANTED if event.name == consents.GRANTED else words.CONSENT_ENDED
        await notify(db, event.user_id, kind, event.subject_id, partner=row.name, by_at=row.expires_at)
