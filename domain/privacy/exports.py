"""DataExport: all that is kept of a person, as they asked for it: being made, ready for some days, or over."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from domain.actors import UserActor
from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted
from domain.notices.kinds import declare as declare_notice
from infra.entity import Entity, Id, OwnerId
from infra.events import declare
from infra.lifecycle import Lifecycle, Move
from infra.privacy import Erasure, Export, Privacy
from infra.words import N_

ARCHIVE = "data_exports.archive"
ASKED, READY, OVER = declare("export.asked"), declare("export.ready"), declare("export.over")
END_DUE = declare("export.end_due")
MADE_WITHIN = timedelta(days=1)
LASTS = timedelta(days=3)


class ExportStatus(StrEnum):
    PREPARING = "PREPARING"
    READY = "READY"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


Status = ExportStatus
LIFE = Lifecycle(
    "Data export",
    Move([Status.PREPARING], Status.READY, READY),
    Move([Status.PREPARING], Status.FAILED, OVER, at="ends_at", due=END_DUE),
    Move([Status.READY], Status.EXPIRED, OVER, at="ends_at", due=END_DUE),
    begins=Status.PREPARING,
    event=ASKED,
    ends=(Status.EXPIRED, Status.FAILED),
)

EXPORT_READY = declare_notice(
    NoticeKind(
        "export_ready",
        NoticeClass.SECURITY,
        N_("Your data is ready"),
        N_(
            "All that we keep of you can be fetched until {until_at}, on the device that asked for it. If that was not you, end it."
        ),
        lock=N_("What you asked us for is ready. Open Longan to fetch it."),
        link=Link("privacy"),
        texted=Texted.INSTEAD,
    )
)


# No answer about it is kept: it is for one session of the person's, and not for the others.
class DataExport(Entity):
    """`session_id`: the session that asked, which alone can fetch it. `ends_at`: when making it is given up, or it is gone."""

    __tablename__ = "data_exports"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    user_id: Mapped[OwnerId]
    id: Mapped[Id] = mapped_column(init=False)
    session_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[ExportStatus] = mapped_column(default=ExportStatus.PREPARING)
    archive_sealed: Mapped[bytes | None] = mapped_column(default=None, deferred=True)

    __table_args__ = (Index(None, "user_id", "session_id"), Index(None, "id"))

    @property
    def expires_at(self) -> datetime | None:
        """The end of the time in which it can be fetched; None while it is being made, and where that failed."""
        return self.ends_at if self.status in (Status.READY, Status.EXPIRED) else None


def visible_to(actor: UserActor) -> Select[DataExport]:
    """What this session asked for."""
    return select(DataExport).where(DataExport.user_id == actor.user_id, DataExport.session_id == actor.session_id)
