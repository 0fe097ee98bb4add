"""HumanReview: somebody whom a program declined asks for a person to look, once, and the application goes to a reviewer."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.applications import applications, applying, decisions, promises, turns
from domain.applications.applications import Application, ApplicationStatus
from domain.applications.borrowers import APPLICATION
from domain.applications.decisions import Decision
from domain.consent import consents
from infra import clock, receipts, texts, vault
from infra.database import Db
from infra.entity import Entity, OwnerId
from infra.errors import Refusal, RefusalCode, not_found
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_

MESSAGE = "human_reviews.message"
ASKED_WITHIN = timedelta(days=30)
WORDS_MAX = 500
Key = tuple[UUID, UUID]  # user, application


@raises(Raised.OWNERS)
class HumanReview(Entity):
    """What the person asked for and why, of one decision that no person had made."""

    __tablename__ = "human_reviews"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record()

    user_id: Mapped[OwnerId]
    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    message_sealed: Mapped[bytes]

    __table_args__ = (Index(None, "user_id", "application_id"),)


async def request(db: Db, actor: UserActor, application_id: UUID, message: str, key: str) -> Application:
    """Send what a program declined to a reviewer, with the consent that it had; once however often it is sent.

    Refuses INVALID, NOT_FOUND, NOT_ALLOWED, LIMIT_EXCEEDED, and NOT_OPEN what was not declined, or by a person, or too long ago.
    """
    message = texts.line(message, WORDS_MAX, ("input", "message"))
    said = {"applicationId": application_id, "message": message}
    receipt = await receipts.claim(db, actor=actor.name, operation="requestHumanReview", key=key, input=said)
    application = await applications.lock(db, actor, application_id)
    if application is None:
        raise not_found(N_("We could not find this application."), APPLICATION)
    if receipt.result_id is not None:
        return application
    decision = await decisions.find_final(db, actor.user_id, application.id)
    now = await clock.now(db)
    _refuse_unreviewable(application, decision, now)
    assert decision is not None, "what was declined was decided"
    applying.refuse_closing(await turns.take(db, actor.user_id))
    await applying.refuse_twin(db, application, APPLICATION[-1])
    seal = await vault.seal_of(db, actor.user_id)
    db.add(
        HumanReview(
            user_id=actor.user_id,
            decision_id=decision.id,
            application_id=application.id,
            asked_at=now,
            message_sealed=seal.close(message, MESSAGE),
        )
    )
    await consents.renew_for_application(db, actor.user_id, application.id, ended_at=decision.decided_at)
    application.promised_by = promises.by_a_person(now, application.amount, application.currency)
    await applications.move(db, application, ApplicationStatus.IN_REVIEW, *APPLICATION, by="person")
    await promises.watch(db, application)
    receipt.result_id = application.id
    return application


def _refuse_unreviewable(application: Application, decision: Decision | None, now: datetime) -> None:
    if application.status is not ApplicationStatus.DECLINED or decision is None:
        raise Refusal(RefusalCode.NOT_OPEN, N_("Only what was declined can be looked at again."), field=APPLICATION)
    if decision.is_made_by_person:
        raise Refusal(RefusalCode.NOT_OPEN, N_("A person has decided this already."), field=APPLICATION)
    if decision.decided_at + ASKED_WITHIN < now:
        sentence = N_("This can be asked for within {days} days of the decision. You can apply again.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=APPLICATION, days=ASKED_WITHIN.days)


_REVIEWS = Question(lambda: select(HumanReview).where(is_any_pair(HumanReview.user_id, HumanReview.application_id)))


@loader(_REVIEWS)
async def of_applications(
    db: Db | None, keys: set[Key], now: datetime, rows: list[tuple[HumanReview]]
) -> dict[Key, HumanReview]:
    """What was asked for, by (user, application)."""
    return {(review.user_id, review.application_id): review for (review,) in rows}


async def messages_of(db: Db, keys: set[Key]) -> dict[Key, str]:
    """Why they asked, by (user, application), in their own words; of the erased nothing."""
    found = await of_applications(db, keys)
    seals = await vault.seals_of(db, {user_id for user_id, _ in found}) if found else {}
    return {
        key: str(seals[key[0]].open(review.message_sealed, MESSAGE)) for key, review in found.items() if key[0] in seals
    }
