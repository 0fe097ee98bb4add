"""AccountDeletion: a person leaves. For some days they can come back; then all that is theirs is erased, once nothing is owed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted
from domain.notices.kinds import declare as declare_notice
from infra.database import Db
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.privacy import Erasure, Export, Privacy
from infra.words import N_

ASKED, CANCELLED = declare("deletion.asked"), declare("deletion.cancelled")
# Their subject is the person: what happened to somebody who was erased goes with them.
LEAVING_DUE, ERASURE_DUE, ERASED = declare("deletion.leaving_due"), declare("deletion.due"), declare("deletion.done")
KEEPING_ENDS = declare("deletion.keeping_ends")
COOLING = timedelta(days=15)
LEAVES_BEFORE = timedelta(days=1)  # providers are asked to forget us while we still hold what they ask for

DELETION_ASKED = declare_notice(
    NoticeKind(
        "deletion_asked",
        NoticeClass.SECURITY,
        N_("Your account will be deleted"),
        N_("You asked for it. Until it is done you can call it off in Longan; if it was not you, do so now."),
        lock=N_("Something was asked for that ends your account. If it was not you, open Longan now."),
        link=Link("privacy"),
        texted=Texted.ALWAYS,
    )
)


class AccountDeletion(Entity):
    """`due_at`: when all is erased at the earliest. One is under way at most, until it is cancelled or done."""

    __tablename__ = "account_deletions"
    __privacy__ = Privacy(Export.GIVEN, Erasure.KEPT)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    erased_at: Mapped[datetime | None] = mapped_column(default=None)

    __table_args__ = (
        Index(
            "uq_account_deletions_under_way",
            "user_id",
            unique=True,
            postgresql_where=text("cancelled_at IS NULL AND erased_at IS NULL"),
        ),
    )


async def under_way(db: Db, user_id: UUID) -> AccountDeletion | None:
    """What the person asked for and has not called off; the caller holds the person's row."""
    its = select(AccountDeletion).where(AccountDeletion.user_id == user_id, AccountDeletion.erased_at.is_(None))
    its = its.where(AccountDeletion.cancelled_at.is_(None)).execution_options(populate_existing=True)
    return (await db.execute(its)).scalar_one_or_none()


async def of_erased(db: Db, user_id: UUID) -> AccountDeletion | None:
    """What somebody who was erased had asked for, locked."""
    its = select(AccountDeletion).where(AccountDeletion.user_id == user_id, AccountDeletion.erased_at.is_not(None))
    return (await db.execute(its.with_for_update())).scalar_one_or_none()
