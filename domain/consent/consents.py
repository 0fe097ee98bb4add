"""Consent: what a person allows a partner: which scopes, for which purpose, until when."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.evidence import leaves
from domain.evidence.leaves import EvidenceKind
from infra import clock, lasting, outbox
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.loaders import is_any_pair
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


class ConsentScope(StrEnum):
    SCORE_CHECK = "SCORE_CHECK"
    SCORE_REPORT = "SCORE_REPORT"
    CONTRIBUTE_FACTS = "CONTRIBUTE_FACTS"


# Three checks tell the grade, so whoever may check may see it.
GRADE_SCOPES = frozenset({ConsentScope.SCORE_CHECK, ConsentScope.SCORE_REPORT})


@raises(Raised.OWNERS)
class Consent(Entity):
    __tablename__ = "consents"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)
    __record__ = Record(later=("revoked_at",), closed_by="revoked_at")

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID]
    purpose: Mapped[Purpose]
    scopes: Mapped[list[str]]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    application_id: Mapped[UUID | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "user_id", "application_id"),)

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and self.granted_at <= now < self.expires_at

    def shows_grade(self, now: datetime) -> bool:
        return self.is_live(now) and not GRADE_SCOPES.isdisjoint(self.scopes)


async def bind_to_application(
    db: Db, user_id: UUID, partner_id: UUID, purpose: Purpose, scopes: list[ConsentScope], application_id: UUID
) -> Consent | None:
    """The consent that applying makes, for what the person chose to share; none where they chose nothing."""
    if not scopes:
        return None
    now = await clock.now(db)
    consent = Consent(
        user_id=user_id,
        partner_id=partner_id,
        purpose=purpose,
        scopes=sorted(set(scopes)),
        granted_at=now,
        expires_at=now + APPLICATION_LASTS,
        application_id=application_id,
    )
    db.add(consent)
    await _leave_evidence(db, consent)
    await outbox.announce(db, GRANTED, user_id=user_id, subject_id=consent.id)
    return consent


async def end_for_application(db: Db, user_id: UUID, application_id: UUID) -> None:
    """An application that came to nothing needs no consent any more."""
    bound = select(Consent).where(Consent.user_id == user_id, Consent.application_id == application_id)
    now = await clock.now(db)
    for consent in (await db.execute(bound.with_for_update())).scalars():
        if consent.is_live(now):
            consent.revoked_at = now
            await _leave_evidence(db, consent)
            await outbox.announce(db, REVOKED, user_id=user_id, subject_id=consent.id)


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


BOUND = Question(lambda: select(Consent).where(is_any_pair(Consent.user_id, Consent.application_id)))


def showing_grade(rows: list[tuple[Consent]], now: datetime) -> set[tuple[UUID, UUID]]:
    """Of these consents, the applications by (user, application) whose grade their partner may see at this moment."""
    lasting.until(*(consent.expires_at for (consent,) in rows if consent.is_live(now)))
    return {
        (consent.user_id, consent.application_id)
        for (consent,) in rows
        if consent.application_id is not None and consent.shows_grade(now)
    }
