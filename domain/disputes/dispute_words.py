"""What people are told of their disputes, in words."""

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted, declare
from infra.words import N_

DISPUTE = Link("disputes", "Dispute")
NEWS = N_("There is an answer to what you disputed. Open Longan to read it.")

DISPUTE_UPHELD = declare(
    NoticeKind(
        "dispute_upheld",
        NoticeClass.SERVICE,
        N_("You were right"),
        N_("What you disputed was wrong, and counts no more. Your score is worked out anew without it."),
        lock=NEWS,
        link=DISPUTE,
        texted=Texted.INSTEAD,
    )
)
DISPUTE_REJECTED = declare(
    NoticeKind(
        "dispute_rejected",
        NoticeClass.SERVICE,
        N_("We looked into what you disputed"),
        N_("We found nothing wrong in it. Read why; with something new you can dispute it again."),
        lock=NEWS,
        link=DISPUTE,
        texted=Texted.INSTEAD,
    )
)
DISPUTE_DELAYED = declare(
    NoticeKind(
        "dispute_delayed",
        NoticeClass.SERVICE,
        N_("Our answer is late"),
        N_("We promised to answer what you disputed by now, and did not. It is first in line; we are sorry."),
        lock=N_("Our answer to what you disputed is late. Open Longan to read more."),
        link=DISPUTE,
    )
)
