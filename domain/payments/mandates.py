"""Mandate: a person's leave to draw what they owe by itself, which they sign at the cashier and end in one tap."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Select, exists, func, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.payments.cashiers import MandateOrder, MandateStatus
from domain.payments.payments import Action
from infra import clock, vault
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.loaders import is_any_pair, loader
from infra.privacy import Erasure, Export, Privacy
from infra.questions import Question
from infra.revisions import Raised, raises
from infra.words import DEFAULT_LOCALE, N_, say

PAGE, ADDRESS = "mandates.page", "mandates.address"
LASTS = timedelta(minutes=30)  # until a page that nobody has signed on is closed
TITLE = N_("Instalments to Longan, drawn on their days")
LOOK_DUE = declare("mandate.look_due")
SIGNED, ENDED = declare("mandate.signed"), declare("mandate.ended")
Status = MandateStatus
OPEN = (Status.PENDING, Status.SIGNED)

LIFE = Lifecycle(
    "Mandate",
    Move([Status.PENDING], Status.SIGNED, SIGNED),
    Move([Status.PENDING], Status.ENDED, ENDED, at="expires_at", due=LOOK_DUE),
    Move([Status.SIGNED], Status.ENDED, ENDED),
    begins=Status.PENDING,
    ends=(Status.ENDED,),
    groups={"open": OPEN},
)


class WhyMandateEnded(StrEnum):
    PERSON = "PERSON"  # they ended it here
    UNSIGNED = "UNSIGNED"  # nobody signed it in time, or the cashier lets nobody sign
    WITHDRAWN = "WITHDRAWN"  # they ended it at the cashier
    OVER = "OVER"  # nothing is left to draw


@raises(Raised.OWNERS)
class Mandate(Entity):
    """A person's leave, for one agreement, to draw what is due. `page` is where they sign at the cashier, and `address` from
    where they asked; both are sealed. `reference` is the cashier's own name of what was signed.

    `signed_with`: the mandate by whose id the cashier knows what was signed, where it lets a person sign once for all that they
    let be drawn; None: this one. Whoever changes one holds that row.

    `told_of`: the day on which that is due of which the cashier tells the person beforehand: so much at most, drawn from one day until
    another. `told_at`: since when it has; None while it is asked to. Of all that was signed at once it tells of one at a time.

    `gone_at`: since when the cashier itself says that nothing can be drawn by it; until then it is asked to end it.
    """

    __tablename__ = "mandates"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    agreement_id: Mapped[UUID]
    cashier: Mapped[str]
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[MandateStatus] = mapped_column(default=MandateStatus.PENDING)
    address_sealed: Mapped[bytes | None] = mapped_column(default=None)
    page_sealed: Mapped[bytes | None] = mapped_column(default=None)
    reference: Mapped[str | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    why: Mapped[WhyMandateEnded | None] = mapped_column(default=None)
    gone_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_with: Mapped[UUID | None] = mapped_column(default=None)
    told_of: Mapped[date | None] = mapped_column(default=None)
    told_amount: Mapped[Minor | None] = mapped_column(default=None)
    told_at: Mapped[datetime | None] = mapped_column(default=None)
    draws_from: Mapped[date | None] = mapped_column(default=None)
    draws_until: Mapped[date | None] = mapped_column(default=None)

    __table_args__ = (
        Index(
            "uq_mandates_open",
            "user_id",
            "agreement_id",
            unique=True,
            postgresql_where=text("status IN ('PENDING', 'SIGNED')"),
        ),
        Index(None, "id"),
    )

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_known_to_be_over(self) -> bool:
        """Whether nothing is left to ask of it: the cashier has ended it too."""
        return self.status is Status.ENDED and self.gone_at is not None

    def is_told(self, due_on: date, on: date) -> bool:
        """Whether the person was told of what is due then, and it is drawn on this day still, or later."""
        return self.told_at is not None and self.told_of == due_on and self.is_telling(on)

    def is_telling(self, on: date) -> bool:
        """Whether nothing else can be told on this day: this is to be drawn yet."""
        return self.draws_until is not None and on <= self.draws_until

    @property
    def known_as(self) -> UUID:
        """The id by which the cashier knows what was signed."""
        return self.signed_with or self.id


async def order_of(db: Db, mandate: Mandate) -> MandateOrder:
    """What the cashier is asked, in the same words until it is signed, and by its reference from then on."""
    address = ""
    if mandate.address_sealed is not None:
        address = (await vault.seal_of(db, mandate.user_id)).open(mandate.address_sealed, ADDRESS)
    return MandateOrder(mandate.known_as, say(TITLE, DEFAULT_LOCALE), address, mandate.reference)


async def open_of(db: Db, user_id: UUID, agreement_id: UUID) -> Mandate | None:
    """The one that waits to be signed or is."""
    return (await db.execute(_anew(user_id, agreement_id))).scalar_one_or_none()


async def lock_open(db: Db, user_id: UUID, agreement_id: UUID) -> Mandate | None:
    """The one that waits to be signed or is, held: what a cashier says of it meanwhile waits. Whoever asks holds the agreement's row."""
    found = await open_of(db, user_id, agreement_id)
    if found is not None:
        await lock_together(db, user_id, found.known_as)
    return found if found is not None and found.is_open else None


async def lock_signed_at(db: Db, user_id: UUID, cashier: str) -> Mandate | None:
    """One that they have signed at this cashier or are about to, held; whoever asks the same meanwhile waits."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"mandate {user_id} {cashier}", 0))))
    theirs = select(Mandate).where(Mandate.user_id == user_id, Mandate.cashier == cashier, Mandate.status.in_(OPEN))
    found = (await db.execute(theirs.order_by(Mandate.id).limit(1))).scalar_one_or_none()
    together = await lock_together(db, user_id, found.known_as) if found is not None else []
    return next((each for each in together if each.is_open), None)


async def signed_together(db: Db, user_id: UUID, known_as: UUID) -> Sequence[Mandate]:
    """All that were ever signed at once with the one that the cashier knows as this, it first, as they stand now."""
    its = select(Mandate).where(
        Mandate.user_id == user_id, or_(Mandate.id == known_as, Mandate.signed_with == known_as)
    )
    return (await db.execute(its.order_by(Mandate.id).execution_options(populate_existing=True))).scalars().all()


async def lock_together(db: Db, user_id: UUID, known_as: UUID) -> Sequence[Mandate]:
    """Hold all that were ever signed at once: whoever changes one of them holds the first, so that all are seen that were written
    while this waited.
    """
    its = select(Mandate.id).where(Mandate.user_id == user_id, Mandate.id == known_as)
    await db.execute(its.with_for_update())
    await clock.catch_up(db)
    return await signed_together(db, user_id, known_as)


async def is_in_the_way(db: Db, mandate: Mandate) -> bool:
    """Whether something else that they signed at its cashier has ended here and not yet there."""
    theirs = exists().where(Mandate.user_id == mandate.user_id, Mandate.cashier == mandate.cashier)
    over = theirs.where(Mandate.status == Status.ENDED, Mandate.reference.is_not(None), Mandate.gone_at.is_(None))
    return bool(await db.scalar(select(over)))


def _anew(user_id: UUID, agreement_id: UUID) -> Select[Mandate]:
    its = select(Mandate).where(Mandate.user_id == user_id, Mandate.agreement_id == agreement_id)
    return its.where(Mandate.status.in_(OPEN)).execution_options(populate_existing=True)


_IS_OPEN = text("mandates.status IN ('PENDING', 'SIGNED')")
_OPEN = Question(lambda: select(Mandate).where(is_any_pair(Mandate.user_id, Mandate.agreement_id), _IS_OPEN))


@loader(_OPEN)
async def open_of_agreements(
    db: Db | None, keys: set[tuple[UUID, UUID]], now: datetime, rows: list[tuple[Mandate]]
) -> dict[tuple[UUID, UUID], Mandate]:
    """What waits to be signed or is, by (user, agreement)."""
    return {(each.user_id, each.agreement_id): each for (each,) in rows}


async def actions(db: Db, keys: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Action]:
    """Where the person has to sign now, by (user, agreement); who has nothing to sign is missing."""
    waiting = {
        key: each
        for key, each in (await open_of_agreements(db, keys)).items()
        if each.status is Status.PENDING and each.page_sealed is not None
    }
    seals = await vault.seals_of(db, {user_id for user_id, _ in waiting}) if waiting else {}
    return {
        key: Action(seals[each.user_id].open(each.page_sealed, PAGE), each.expires_at)
        for key, each in waiting.items()
        if each.user_id in seals and each.page_sealed is not None
    }
