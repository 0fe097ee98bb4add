"""Dispute: a person's no to a factor of their score, with the facts behind it as they stood, and what staff answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Index, Select, exists, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import StaffActor, UserActor
from domain.consent.lookups import Looker, LookupKind, look_up
from domain.deadlines.deadlines import DeadlineKind, declare_kind
from domain.disputes.dispute_words import DISPUTE_DELAYED
from domain.facts.vocabulary import VOCABULARY
from domain.permissions import Permission
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.records import Record
from infra.revisions import Raised, raises
from infra.words import N_

TEXTS = "disputes.texts"
OPENED, UPHELD, REJECTED = declare("dispute.opened"), declare("dispute.upheld"), declare("dispute.rejected")
ANSWER = declare_kind(DeadlineKind("dispute", N_("Answer to a dispute"), DISPUTE_DELAYED))
LEFT_BEHIND = N_("What an unlinked account left behind")
ANSWERED = N_("This dispute was answered already.")
IS_OPEN = "status = 'OPEN'"  # literally, for the indexes that it is in


class DisputeStatus(StrEnum):
    OPEN = "OPEN"
    UPHELD = "UPHELD"
    REJECTED = "REJECTED"


Status = DisputeStatus

LIFE = Lifecycle(
    "Dispute",
    Move([Status.OPEN], Status.UPHELD, UPHELD, refused=ANSWERED),
    Move([Status.OPEN], Status.REJECTED, REJECTED, refused=ANSWERED),
    begins=Status.OPEN,
    event=OPENED,
    ends=(Status.UPHELD, Status.REJECTED),
)


class DisputedFact(NamedTuple):
    """A fact as it stood when it was disputed; `value` as it was written down."""

    id: UUID
    source: str
    name: str
    value: Any
    observed_at: datetime

    @property
    def label(self) -> str:
        """A msgid."""
        return VOCABULARY[self.name].label if self.name in VOCABULARY else LEFT_BEHIND

    @property
    def unit(self) -> str:
        """What the value counts, as days or CNY; empty where it counts nothing."""
        return VOCABULARY[self.name].unit if self.name in VOCABULARY else "points"

    @property
    def shown_value(self) -> str:
        """The value with its unit."""
        return f"{self.value} {self.unit}".rstrip()

    @property
    def shown_source(self) -> str:
        """Who told it, without the id of an account."""
        return self.source.partition(":")[0]


@dataclass(frozen=True)
class DisputeTexts:
    """What is written in a dispute, which its seal holds."""

    message: str
    facts: tuple[DisputedFact, ...]
    answer: str | None


@raises(Raised.OWNERS)
class Dispute(Entity):
    """One is open of a factor at a time. What the person wrote, the facts behind the factor, and the answer are sealed."""

    __tablename__ = "disputes"
    __privacy__ = Privacy(Export.GIVEN, Erasure.SHREDDED)
    __record__ = Record(later=("texts_sealed", "status", "answered_at", "answered_by"), closed_by="answered_at")

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    factor_code: Mapped[str]
    score_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    texts_sealed: Mapped[bytes]
    status: Mapped[DisputeStatus] = mapped_column(default=DisputeStatus.OPEN)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_by: Mapped[UUID | None] = mapped_column(default=None)  # the member of staff

    __table_args__ = (
        Index("uq_disputes_open", "user_id", "factor_code", unique=True, postgresql_where=text(IS_OPEN)),
        Index("ix_disputes_open", "answer_by", "id", postgresql_where=text(IS_OPEN)),
        Index(None, "id"),
    )


IS_READABLE = exists().where(vault.PersonKey.user_id == Dispute.user_id)


def visible_to(actor: UserActor | StaffActor) -> Select[Dispute]:
    """A person's own; all of them for whoever of the staff answers them."""
    if isinstance(actor, UserActor):
        return select(Dispute).where(Dispute.user_id == actor.user_id)
    return select(Dispute).where(text("true") if actor.may(Permission.ANSWER_DISPUTES) else text("false"))


def waiting_for(actor: StaffActor) -> Select[Dispute]:
    """What waits for an answer, for whoever may give it; nothing for others. Of the erased nothing can be read, or answered."""
    return visible_to(actor).where(text(IS_OPEN), IS_READABLE)


def fact_id(dispute_id: UUID, source: str, name: str) -> UUID:
    """One id for one fact of one dispute, however often it is asked for."""
    return uuid5(dispute_id, f"{source}\0{name}")


def opened(dispute: Dispute, seal: vault.Seal) -> DisputeTexts:
    told = seal.open(dispute.texts_sealed, TEXTS)
    facts = [
        DisputedFact(fact_id(dispute.id, source, name), source, name, value, datetime.fromisoformat(at))
        for source, name, value, at in told["facts"]
    ]
    return DisputeTexts(told["message"], tuple(facts), told.get("answer"))


def sealed(texts: DisputeTexts, seal: vault.Seal) -> bytes:
    facts = [[fact.source, fact.name, fact.value, fact.observed_at.isoformat()] for fact in texts.facts]
    told = {"message": texts.message, "facts": facts} | ({"answer": texts.answer} if texts.answer else {})
    return seal.close(told, TEXTS)


async def texts_of(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], DisputeTexts]:
    """What was written, by (user, dispute), for the person themselves; of the erased nothing."""
    found = await _texts(db, {user_id for user_id, _ in keys})
    return {key: found[key[0]][key[1]] for key in keys if key[1] in found.get(key[0], {})}


@dataclass(frozen=True)
class WrittenFor:
    """Loads what was written, by (user, dispute), for one member of staff; the person can read that they looked."""

    actor: StaffActor

    async def __call__(self, db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], DisputeTexts]:
        looker = Looker(LookupKind.DISPUTE, staff_id=self.actor.staff_id)
        found = await look_up(db, looker, keys, _texts)
        return {key: found[key[0]][key[1]] for key in keys if key[1] in found.get(key[0], {})}


async def _texts(db: Db, user_ids: set[UUID]) -> dict[UUID, dict[UUID, DisputeTexts]]:
    seals = await vault.seals_of(db, user_ids)
    rows = (await db.execute(select(Dispute).where(Dispute.user_id.in_(user_ids)))).scalars()
    found: dict[UUID, dict[UUID, DisputeTexts]] = {user_id: {} for user_id in seals}
    for dispute in rows:
        if dispute.user_id in seals:
            found[dispute.user_id][dispute.id] = opened(dispute, seals[dispute.user_id])
    return found
