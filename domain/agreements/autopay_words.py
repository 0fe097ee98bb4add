"""What people are told of what is drawn by their mandates, in words."""

from domain.agreements.words import AGREEMENT, LATE, NEWS
from domain.notices.classes import NoticeClass
from domain.notices.kinds import NoticeKind, Texted, declare
from infra.words import N_

ON = declare(
    NoticeKind(
        "autopay_on",
        NoticeClass.MONEY,
        N_("Autopay is on"),
        N_(
            "{product}: what is due is drawn on its day from now on. You can end it in one tap at any time; your agreement has the button."
        ),
        lock=NEWS,
        topic="autopay",
        link=AGREEMENT,
    )
)
SOON = declare(
    NoticeKind(
        "autopay_soon",
        NoticeClass.MONEY,
        N_("An instalment is drawn soon"),
        N_(
            "{product}: an instalment is due within three days and is drawn on its day. Your agreement shows how much; see that the "
            "money is there."
        ),
        lock=NEWS,
        topic="due",
        link=AGREEMENT,
    )
)
LATER = declare(
    NoticeKind(
        "autopay_later",
        NoticeClass.MONEY,
        N_("An instalment is drawn later than its day"),
        N_(
            "{product}: what is due is drawn some days late, because the cashier tells you two days before. You need do nothing; "
            "or pay it yourself now."
        ),
        lock=NEWS,
        topic="autopay",
        link=AGREEMENT,
    )
)
DRAWN = declare(
    NoticeKind(
        "autopay_drawn",
        NoticeClass.MONEY,
        N_("An instalment was drawn"),
        N_("{product}: what was due is drawn and paid. Your agreement shows how much."),
        lock=NEWS,
        topic="autopay",
        link=AGREEMENT,
    )
)
FAILED_ONCE = declare(
    NoticeKind(
        "autopay_failed_once",
        NoticeClass.MONEY,
        N_("An instalment could not be drawn"),
        N_("{product}: what is due could not be drawn. We try once more in two days; or pay it yourself now."),
        lock=LATE,
        topic="autopay",
        link=AGREEMENT,
    )
)
FAILED = declare(
    NoticeKind(
        "autopay_failed",
        NoticeClass.MONEY,
        N_("An instalment could not be drawn again"),
        N_(
            "{product}: what is due could not be drawn, and we do not try again. Please pay it yourself; if money is tight, tell us, "
            "and we look for a way."
        ),
        lock=LATE,
        topic="autopay",
        link=AGREEMENT,
        texted=Texted.INSTEAD,
    )
)
ENDED = declare(
    NoticeKind(
        "autopay_ended",
        NoticeClass.MONEY,
        N_("Autopay has ended"),
        N_("{product}: nothing is drawn any more. Please pay each instalment yourself, or turn autopay on again."),
        lock=NEWS,
        topic="autopay",
        link=AGREEMENT,
    )
)
