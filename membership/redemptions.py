"""Redemption: one use of a benefit, with a voucher that the person shows and the partner names."""

import base64
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import PartnerActor, UserActor
from domain.people import worlds
from domain.redeemed import REDEEMED
from infra import vault
from infra.database import Db
from infra.entity import Entity, Id, Minor, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.revisions import Raised, raises
from infra.words import N_
from membership.benefits import Benefit

EXPIRY_DUE = declare("redemption.expiry_due")
VALID = timedelta(days=30)
# Vouchers of one benefit without a quota that a person holds at a time; each holds a campaign's money back.
OPEN_MAX = 20
VOUCHER_BYTES = 10  # 80 bits in 16 characters
# Crockford's alphabet: nothing in it is taken for something else on paper.
WRITTEN = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class RedemptionStatus(StrEnum):
    ISSUED = "ISSUED"
    USED = "USED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


S = RedemptionStatus
LIFE = Lifecycle(
    "Redemption",
    Move([S.ISSUED], S.USED, REDEEMED, refused=N_("This voucher was used, cancelled or has expired.")),
    Move([S.ISSUED], S.CANCELLED, refused=N_("This voucher was used already, or has expired.")),
    Move([S.ISSUED], S.EXPIRED, at="expires_at", due=EXPIRY_DUE),
    begins=S.ISSUED,
    ends=[S.USED, S.CANCELLED, S.EXPIRED],
)


@raises(Raised.OWNERS)
class Redemption(Entity):
    """`period` is the one whose quota it took. What it costs us and saves the person is as it was when it was issued.
    `campaign_id`: whose budget pays for it; None where the person holds the benefit by their tier or plan.
    """

    __tablename__ = "redemptions"
    __privacy__ = Privacy(Export.GIVEN, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    benefit_id: Mapped[UUID] = mapped_column(ForeignKey("benefits.id"))
    period: Mapped[str]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    unit_cost_minor: Mapped[Minor]
    member_value_minor: Mapped[Minor]
    currency: Mapped[str]
    status: Mapped[RedemptionStatus] = mapped_column(default=RedemptionStatus.ISSUED)
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    partner_id: Mapped[UUID | None] = mapped_column(default=None)  # who confirmed its use
    reference: Mapped[str | None] = mapped_column(default=None)  # the partner's own
    campaign_id: Mapped[UUID | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint("(status = 'USED') = (used_at IS NOT NULL)", name="used"),
        Index(None, "user_id", "benefit_id"),
        Index(None, "benefit_id"),
        Index(None, "partner_id", "id"),
        Index(None, "campaign_id", "user_id", postgresql_where=text("campaign_id IS NOT NULL")),
        Index(None, "used_at", postgresql_where=text("used_at IS NOT NULL")),
    )

    @property
    def voucher(self) -> str:
        """What the partner is shown: 0123-4567-89AB-CDEF. It is worked out of the id, so that no row holds it."""
        drawn = vault.mac("voucher", self.id.bytes)[:VOUCHER_BYTES]
        text = base64.b32encode(drawn).decode().translate(WRITTEN)
        return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


class VoucherOwner(Entity):
    """Whose a voucher is, found by a hash of what is written on it."""

    __tablename__ = "voucher_owners"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(index=True)
    redemption_id: Mapped[UUID]


def hash_of(voucher: str) -> bytes:
    """The same for whatever somebody reads off a screen."""
    return vault.blind_index("voucher", voucher.upper().translate(MISREAD))


def visible_to(actor: UserActor) -> Select[Redemption]:
    return select(Redemption).where(Redemption.user_id == actor.user_id)


def confirmed_by(actor: PartnerActor) -> Select[Redemption]:
    return select(Redemption).where(Redemption.partner_id == actor.partner_id, Redemption.used_at.is_not(None))


async def lock(db: Db, user_id: UUID, redemption_id: UUID) -> Redemption | None:
    """The redemption as it is now; nobody else changes it until this transaction ends."""
    mine = select(Redemption).where(Redemption.user_id == user_id, Redemption.id == redemption_id)
    return (await db.execute(mine.with_for_update().execution_options(populate_existing=True))).scalar_one_or_none()


async def soonest_end_of_open(db: Db, user_id: UUID, benefit_id: UUID, now: datetime) -> datetime | None:
    """When the first of the vouchers of this benefit expires that the person holds; None where they hold fewer than the most."""
    mine = select(func.count(), func.min(Redemption.expires_at)).where(
        Redemption.user_id == user_id,
        Redemption.benefit_id == benefit_id,
        Redemption.status == RedemptionStatus.ISSUED,
        Redemption.expires_at > now,
    )
    count, soonest = (await db.execute(mine)).one()
    return soonest if count >= OPEN_MAX else None


async def locked_by_voucher(db: Db, actor: PartnerActor, voucher: str) -> Redemption | None:
    """The redemption of somebody of this partner's world."""
    known = select(VoucherOwner).where(VoucherOwner.hash == hash_of(voucher))
    its = known.where(worlds.meet(VoucherOwner.user_id, actor.partner_id))
    owner = (await db.execute(its)).scalar_one_or_none()
    return await lock(db, owner.user_id, owner.redemption_id) if owner else None


async def names_of(db: Db, benefit_ids: set[UUID]) -> dict[UUID, str]:
    """The names of benefits, as msgids."""
    return dict((await db.execute(select(Benefit.id, Benefit.name).where(Benefit.id.in_(benefit_ids)))).all())
