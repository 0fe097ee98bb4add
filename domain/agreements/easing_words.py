"""What people are told of an easier time, and of the law's breathing space, in words."""

from domain.agreements.words import AGREEMENT, NEWS
from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, declare
from infra.words import N_

BREATHING_SPACE = declare(
    NoticeKind(
        "breathing_space",
        NoticeClass.MONEY,
        N_("You have a breathing space"),
        N_(
            "From {first} to {last} nothing that you owe through Longan bears interest or costs fees, and nobody presses you for it. "
            "What is due stays due; you can pay it whenever you like."
        ),
        lock=NEWS,
        topic="hardship",
        link=Link("agreements"),
    )
)
BREATHING_ENDED = declare(
    NoticeKind(
        "breathing_space_ended",
        NoticeClass.MONEY,
        N_("Your breathing space ends"),
        N_(
            "{last} is the last day of your breathing space. From the next day on, what you owe bears interest again and can cost "
            "fees; what its days cost less stays so. If money is tight, tell us."
        ),
        lock=NEWS,
        topic="hardship",
        link=Link("agreements"),
    )
)
HARDSHIP_ASKED = declare(
    NoticeKind(
        "hardship_asked",
        NoticeClass.MONEY,
        N_("We look at your request"),
        N_(
            "{product}: you asked for an easier time. Somebody of ours looks at it, and answers within seven working days."
        ),
        lock=NEWS,
        topic="hardship",
        link=AGREEMENT,
    )
)
HARDSHIP_REFUSED = declare(
    NoticeKind(
        "hardship_refused",
        NoticeClass.MONEY,
        N_("Your request was answered"),
        N_(
            "{product}: it cannot be made lighter as you asked. You can ask for less, or write to us; we look for another way."
        ),
        lock=NEWS,
        topic="hardship",
        link=AGREEMENT,
    )
)
HARDSHIP_ENDED = declare(
    NoticeKind(
        "hardship_ended",
        NoticeClass.MONEY,
        N_("Your instalments go on"),
        N_(
            "{product}: the easier time is over. Your agreement shows what is due, and when; if money is still tight, tell us."
        ),
        lock=NEWS,
        topic="hardship",
        link=AGREEMENT,
    )
)
HARDSHIP_DELAYED = declare(
    NoticeKind(
        "hardship_delayed",
        NoticeClass.MONEY,
        N_("Our answer is late"),
        N_("We promised to answer your request by now, and did not. It is first in line; we are sorry."),
        lock=NEWS,
        topic="hardship",
        link=AGREEMENT,
    )
)
