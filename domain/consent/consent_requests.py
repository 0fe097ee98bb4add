"""ConsentRequest: what a partner asks of whoever opens its QR code or link; one person answers, once."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Select, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import PartnerActor, UserActor
from domain.consent import consents
from domain.consent.consenting import DAYS_MAX
from domain.consent.consents import Consent, ConsentScope, Purpose
from domain.people import gates, worlds
from domain.permissions import Permission
from infra import clock, counters, receipts
from infra.counters import Use
from infra.database import Db
from infra.entity import Entity, Id
from infra.errors import Refusal, RefusalCode, invalid, not_found
from infra.setting_parts import Rate
from infra.words import N_

LASTS = timedelta(hours=24)
PER_PARTNER = Rate(times=20_000, seconds=3600)
REFERENCE_MAX = 100
CODE, SCOPES, DAYS, REFERENCE = (("input", name) for name in ("code", "scopes", "days", "reference"))


class ConsentRequest(Entity):
    """`reference` is the partner's own. Until somebody answers it is nobody's; then its consent says whose."""

    __tablename__ = "consent_requests"

    id: Mapped[Id] = mapped_column(init=False)
    partner_id: Mapped[UUID]
    purpose: Mapped[Purpose]
    scopes: Mapped[list[str]]
    days: Mapped[int]
    reference: Mapped[str | None]
    code: Mapped[str]
    expires_at: Mapped[datetime]
    consent_id: Mapped[UUID | None] = mapped_column(default=None)
    declined_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (Index(None, "code", unique=True), Index(None, "consent_id"), Index(None, "expires_at"))

    def is_open(self, now: datetime) -> bool:
        return self.consent_id is None and self.declined_at is None and now < self.expires_at


async def ask(
    db: Db,
    actor: PartnerActor,
    purpose: Purpose,
    scopes: Sequence[ConsentScope],
    days: int,
    reference: str | None,
    *,
    key: str,
) -> ConsentRequest:
    """Ask whoever opens the code within a day. Refuses INVALID and RATE_LIMITED, and then leaves nothing behind."""
    told = {"purpose": purpose, "scopes": sorted(set(scopes)), "days": days, "reference": reference}
    receipt = await receipts.claim(db, actor=actor.name, operation="requestConsent", key=key, input=told)
    if receipt.result_id is not None:
        return await db.get_one(ConsentRequest, receipt.result_id)
    if not scopes:
        raise invalid(N_("Name at least one scope."), SCOPES)
    if not 1 <= days <= DAYS_MAX:
        raise invalid(N_("A consent lasts 1 to {most} days."), DAYS, most=DAYS_MAX)
    if reference is not None and not 1 <= len(reference) <= REFERENCE_MAX:
        raise invalid(N_("A reference has 1 to {most} characters."), REFERENCE, most=REFERENCE_MAX)
    if retry_at := await counters.take(db, [Use(PER_PARTNER, "consent-requests", str(actor.partner_id))]):
        raise Refusal(
            RefusalCode.RATE_LIMITED, N_("Too many requests for consents. Ask again later."), retry_at=retry_at
        )
    request = ConsentRequest(
        partner_id=actor.partner_id,
        purpose=purpose,
        scopes=sorted(set(scopes)),
        days=days,
        reference=reference,
        code=secrets.token_urlsafe(12),
        expires_at=await clock.now(db) + LASTS,
    )
    db.add(request)
    await db.flush()
    receipt.result_id = request.id
    return request


def visible_to(actor: PartnerActor) -> Select[ConsentRequest]:
    """What the partner itself asks."""
    if not actor.may(Permission.FOLLOW_CONSENTS):
        return select(ConsentRequest).where(text("false"))
    return select(ConsentRequest).where(ConsentRequest.partner_id == actor.partner_id)


async def find(db: Db, code: str) -> ConsentRequest | None:
    """What this code asks, while somebody can still answer it."""
    its = _by(code).where(worlds.of_live_partner(ConsentRequest.partner_id))
    request = (await db.execute(its)).scalar_one_or_none()
    return request if request is not None and request.is_open(await clock.now(db)) else None


async def answer(
    db: Db, actor: UserActor, code: str, *, is_granted: bool, days: int | None, key: str
) -> Consent | None:
    """Say yes, for as long as was asked or shorter, or no, which answers None.

    Refuses NOT_FOUND an unknown code, NOT_OPEN one that is too old or was answered, INVALID other days, and NOT_ALLOWED a yes of
    whoever is leaving.
    """
    told = {"code": code, "isGranted": is_granted, "days": days}
    receipt = await receipts.claim(db, actor=actor.name, operation="answerConsentRequest", key=key, input=told)
    if receipt.result_id is not None:
        return await db.get(Consent, (actor.user_id, receipt.result_id))
    request = await _open(db, actor, code)
    if not is_granted:
        request.declined_at = await clock.now(db)
        receipt.result_id = request.id
        return None
    lasts = request.days if days is None else days
    if not 1 <= lasts <= request.days:
        raise invalid(N_("They asked for 1 to {most} days."), DAYS, most=request.days)
    await gates.refuse_closing(db, actor)
    scopes = [ConsentScope(scope) for scope in request.scopes]
    consent = await consents.give(
        db, actor.user_id, request.partner_id, request.purpose, scopes, lasts=timedelta(days=lasts)
    )
    await db.flush()
    request.consent_id = receipt.result_id = consent.id
    return consent


async def _open(db: Db, actor: UserActor, code: str) -> ConsentRequest:
    its = _by(code).where(worlds.meet(actor.user_id, ConsentRequest.partner_id))
    request = (await db.execute(its.with_for_update(of=ConsentRequest))).scalar_one_or_none()
    if request is None:
        raise not_found(N_("We do not know this code."), CODE)
    refuse_over(request, await clock.now(db), CODE)
    return request


def refuse_over(request: ConsentRequest, now: datetime, field: tuple[str, ...]) -> None:
    """Refuses NOT_OPEN what nobody can answer any more."""
    if not request.is_open(now):
        raise Refusal(RefusalCode.NOT_OPEN, N_("This request was answered already, or is too old."), field=field)


def _by(code: str) -> Select[ConsentRequest]:
    return select(ConsentRequest).where(ConsentRequest.code == code)
