"""Consent: what a person allows a partner: which scopes, for which purpose, until when."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import Actor, PartnerActor, StaffActor, UserActor
from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from domain.facts import contributed, readings
from domain.permissions import Permission
from infra import clock, feeds, lasting, outbox
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.feeds import InFeed
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises

APPLICATION_LASTS = timedelta(days=90)
GRANTED, REVOKED = declare("consent.granted"), declare("consent.revoked")


class Purpose(StrEnum):
    LENDING = "LENDING"
    RENTING = "RENTING"
    SHOPPING = "SHOPPING"
    INSURANCE = "INSURANCE"
    EMPLOYMENT = "EMPLOYMENT"


class ConsentStatus(StrEnum):
    LIVE = "LIVE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class ConsentScope(StrEnum):
    SCORE_CHECK = "SCORE_CHECK"
    SCORE_REPORT = "SCORE_REPORT"
    CONTRIBUTE_FACTS = "CONTRIBUTE_FACTS"


# Three checks tell the grade, so whoever may check may see it.
GRADE_SCOPES = frozenset({ConsentScope.SCORE_CHECK, ConsentScope.SCORE_REPORT})


@raises(Raised.OWNERS)
class Consent(InFeed, Entity):
    """A person's leave for a partner, who follows it in a feed. `application_id`: of one that lives and dies with an application."""

    __tablename__ = "consents"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)
    __record__ = Record(later=("revoked_at", "updated_at", "feed_position"))

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID]
    purpose: Mapped[Purpose]
    scopes: Mapped[list[str]]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    application_id: Mapped[UUID | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    shown_token = cast("str | None", None)  # its token, on the one that was granted just now; never stored

    __table_args__ = (
        Index(None, "user_id", "application_id"),
        feeds.placed_index(),
        feeds.waiting_index("ix_consents_unplaced", "partner_id", "updated_at", "id"),
        Index(None, "id"),
    )

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and self.granted_at <= now < self.expires_at

    def status_at(self, now: datetime) -> ConsentStatus:
        if self.revoked_at is not None:
            return ConsentStatus.REVOKED
        return ConsentStatus.LIVE if now < self.expires_at else ConsentStatus.EXPIRED

    def shows_grade(self, now: datetime) -> bool:
        return self.is_live(now) and not GRADE_SCOPES.isdisjoint(self.scopes)


async def bind_to_application(
    db: Db, user_id: UUID, partner_id: UUID, purpose: Purpose, scopes: list[ConsentScope], application_id: UUID
) -> Consent | None:
    """The consent that applying makes, for what the person chose to share; none where they chose nothing."""
    if not scopes:
        return None
    return await give(db, user_id, partner_id, purpose, scopes, lasts=APPLICATION_LASTS, application_id=application_id)


async def give(
    db: Db,
    user_id: UUID,
    partner_id: UUID,
    purpose: Purpose,
    scopes: Iterable[ConsentScope],
    *,
    lasts: timedelta,
    application_id: UUID | None = None,
) -> Consent:
    """Write down that the person allows this from now on."""
    now = await clock.now(db)
    consent = Consent(
        user_id=user_id,
        partner_id=partner_id,
        purpose=purpose,
        scopes=sorted(set(scopes)),
        granted_at=now,
        expires_at=now + lasts,
        updated_at=now,
        application_id=application_id,
    )
    db.add(consent)
    await _leave_evidence(db, consent)
    await outbox.announce(db, GRANTED, user_id=user_id, subject_id=consent.id)
    return consent


async def take_back(db: Db, consent: Consent, now: datetime) -> None:
    """End a consent that is live; one that is over stays as it ended. The caller holds its row."""
    if not consent.is_live(now):
        return
    consent.revoked_at = consent.updated_at = now
    await _end_contributions(db, consent)
    await _leave_evidence(db, consent)
    await outbox.announce(db, REVOKED, user_id=consent.user_id, subject_id=consent.id)


async def _end_contributions(db: Db, consent: Consent) -> None:
    """What a partner told with this leave counts for nothing any more."""
    if ConsentScope.CONTRIBUTE_FACTS not in consent.scopes:
        return
    if await readings.end_with_consent(db, consent.user_id, consent.id):
        await outbox.announce(db, contributed.ENDED, user_id=consent.user_id, subject_id=consent.id)


async def end_for_application(db: Db, user_id: UUID, application_id: UUID) -> None:
    """An application that came to nothing needs no consent any more."""
    bound = select(Consent).where(Consent.user_id == user_id, Consent.application_id == application_id)
    now = await clock.now(db)
    for consent in (await db.execute(bound.with_for_update())).scalars():
        await take_back(db, consent, now)


async def renew_for_application(db: Db, user_id: UUID, application_id: UUID, *, ended_at: datetime) -> None:
    """Give what an application had when it came to nothing at that moment anew; what the person took back before stays so."""
    its = select(Consent).where(Consent.user_id == user_id, Consent.application_id == application_id)
    for had in (await db.execute(its.where(Consent.revoked_at >= ended_at))).scalars().all():
        scopes = [ConsentScope(scope) for scope in had.scopes]
        await bind_to_application(db, user_id, had.partner_id, had.purpose, scopes, application_id)


def visible_to(actor: Actor) -> Select[Consent]:
    """The consents that this actor may see: their own, or those that were given to them."""
    match actor:
        case UserActor():
            return select(Consent).where(Consent.user_id == actor.user_id)
        case PartnerActor() if actor.may(Permission.CHECK_SCORES):
            given = select(Consent).where(Consent.partner_id == actor.partner_id)
            return given.where(Consent.id == actor.consent_id) if actor.consent_id else given
        case PartnerActor() | StaffActor():
            return select(Consent).where(text("false"))


async def _leave_evidence(db: Db, consent: Consent) -> None:
    """In the log stands what was allowed, and when that ended: each time it changes."""
    await leaves.add(db, consent.user_id, EvidenceKind.CONSENT, consent.id, evidence_of(consent))


def evidence_of(consent: Consent) -> dict[str, Any]:
    """What the log commits to."""
    return {
        "consent": str(consent.id),
        "person": str(consent.user_id),
        "partner": str(consent.partner_id),
        "application": str(consent.application_id) if consent.application_id else None,
        "purpose": str(consent.purpose),
        "scopes": [str(scope) for scope in consent.scopes],
        "grantedAt": consent.granted_at.isoformat(),
        "expiresAt": consent.expires_at.isoformat(),
        "revokedAt": consent.revoked_at.isoformat() if consent.revoked_at else None,
    }


_BY_ID = Question(lambda: select(Consent).where(is_any_pair(Consent.user_id, Consent.id)))


@loader(_BY_ID)
async def statuses(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Consent]]
) -> dict[tuple[UUID, UUID], ConsentStatus]:
    """Where consents stand at this moment, by (user, id)."""
    lasting.until(*(consent.expires_at for (consent,) in rows if consent.is_live(now)))
    return {(consent.user_id, consent.id): consent.status_at(now) for (consent,) in rows}


BOUND = Question(lambda: select(Consent).where(is_any_pair(Consent.user_id, Consent.application_id)))


def showing_grade(rows: list[tuple[Consent]], now: datetime) -> set[tuple[UUID, UUID]]:
    """The applications by (user, application), of these consents, whose grade their partner may see at this moment."""
    lasting.until(*(consent.expires_at for (consent,) in rows if consent.is_live(now)))
    return {
        (consent.user_id, consent.application_id)
        for (consent,) in rows
        if consent.application_id is not None and consent.shows_grade(now)
    }
