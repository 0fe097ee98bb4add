"""What people are told of their agreements, in words."""

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, Texted, declare
from infra.words import N_

AGREEMENT = Link("agreements", "Agreement")
NEWS = N_("There is news about your agreement. Open Longan to read it.")
LATE = N_("Something about your agreement needs you. Open Longan to read it.")

DRAW_DOWN_ARRIVED = declare(
    NoticeKind(
        "draw_down_arrived",
        NoticeClass.MONEY,
        N_("Your money has arrived"),
        N_("{product}: what you drew was paid out. The schedule of your agreement shows what is due, and when."),
        lock=NEWS,
        link=AGREEMENT,
    )
)
DRAW_DOWN_FAILED = declare(
    NoticeKind(
        "draw_down_failed",
        NoticeClass.MONEY,
        N_("Your money could not be paid out"),
        N_(
            "{product}: what you drew could not be paid out, so you owe nothing for it. Check your payment account, and draw again."
        ),
        lock=LATE,
        link=AGREEMENT,
        texted=Texted.INSTEAD,
    )
)
PAYMENT_FAILED = declare(
    NoticeKind(
        "payment_failed",
        NoticeClass.MONEY,
        N_("Your payment did not arrive"),
        N_(
            "{product}: your payment did not arrive, so nothing of it was counted. Please pay again; nothing was taken twice."
        ),
        lock=LATE,
        link=AGREEMENT,
    )
)
REFUND_FAILED = declare(
    NoticeKind(
        "refund_failed",
        NoticeClass.MONEY,
        N_("We could not pay you back"),
        N_(
            "{product}: what you had paid too much could not go back the way it came. It stays your credit; please write to us."
        ),
        lock=LATE,
        link=AGREEMENT,
    )
)
INSTALMENT_OVERDUE = declare(
    NoticeKind(
        "instalment_overdue",
        NoticeClass.MONEY,
        N_("An instalment is late"),
        N_(
            "{product}: an instalment was due and is not paid. Please pay it now; if money is tight, tell us, and we look for a way."
        ),
        lock=LATE,
        topic="overdue",
        link=AGREEMENT,
        texted=Texted.INSTEAD,
    )
)
INSTALMENT_DUE_SOON = declare(
    NoticeKind(
        "instalment_due_soon",
        NoticeClass.MONEY,
        N_("An instalment is due soon"),
        N_("{product}: an instalment is due within three days. Open your agreement to see how much, and to pay it."),
        lock=NEWS,
        topic="due",
        link=AGREEMENT,
    )
)
LATE_FEE_CHARGED = declare(
    NoticeKind(
        "late_fee_charged",
        NoticeClass.MONEY,
        N_("A late fee was charged"),
        N_(
            "{product}: an instalment was not paid within {days} days after it was due, so it costs a late fee. Your agreement shows "
            "how much; if money is tight, tell us, and we look for a way."
        ),
        lock=LATE,
        topic="overdue",
        link=AGREEMENT,
    )
)
LATE_FEE_WAIVED = declare(
    NoticeKind(
        "late_fee_waived",
        NoticeClass.MONEY,
        N_("A late fee is waived"),
        N_(
            "{product}: an instalment costs no late fee any more. What you had paid of it counts for what else you owe, or is your credit."
        ),
        lock=NEWS,
        topic="overdue",
        link=AGREEMENT,
    )
)
PAYOUT_LATE = declare(
    NoticeKind(
        "payout_late",
        NoticeClass.MONEY,
        N_("Your money takes longer than it should"),
        N_("What you drew was to arrive within a day, and nobody told us that it has. We are looking into it."),
        lock=NEWS,
        link=AGREEMENT,
    )
)
AGREEMENT_SETTLED = declare(
    NoticeKind(
        "agreement_settled",
        NoticeClass.MONEY,
        N_("All is paid"),
        N_("{product}: everything is repaid, and nothing is owed any more. Thank you."),
        lock=NEWS,
        link=AGREEMENT,
    )
)
DEPOSIT_RETURNED = declare(
    NoticeKind(
        "deposit_returned",
        NoticeClass.MONEY,
        N_("Your deposit has gone back"),
        N_("{product}: what was held of your deposit went back the way it came. Your agreement shows how much."),
        lock=NEWS,
        link=AGREEMENT,
    )
)
AGREEMENT_LAPSED = declare(
    NoticeKind(
        "agreement_lapsed",
        NoticeClass.MONEY,
        N_("Your agreement has ended before it began"),
        N_(
            "{product}: nothing was drawn, delivered or paid in time, so it is over and nothing is owed. Apply again whenever you need it."
        ),
        lock=NEWS,
        link=AGREEMENT,
    )
)
AGREEMENT_REPLANNED = declare(
    NoticeKind(
        "agreement_replanned",
        NoticeClass.MONEY,
        N_("Your schedule is another now"),
        N_("{product}: what is still to come was planned anew. Your agreement shows what is due, and when."),
        lock=NEWS,
        link=AGREEMENT,
    )
)
DELIVERY_REPORTED = declare(
    NoticeKind(
        "delivery_reported",
        NoticeClass.MONEY,
        N_("Has it arrived?"),
        N_(
            "{product}: the shop says that it was delivered. Please confirm it, or write to us if nothing came. After 7 days "
            "without a word it counts as confirmed."
        ),
        lock=LATE,
        link=AGREEMENT,
    )
)
GOODS_DELIVERED = declare(
    NoticeKind(
        "goods_delivered",
        NoticeClass.MONEY,
        N_("Your delivery is confirmed"),
        N_(
            "{product}: the schedule of your agreement shows what is due, and when. For 7 days after the delivery you can "
            "return it."
        ),
        lock=NEWS,
        link=AGREEMENT,
    )
)
GOODS_TAKEN_BACK = declare(
    NoticeKind(
        "goods_taken_back",
        NoticeClass.MONEY,
        N_("The shop has taken it back"),
        N_(
            "{product}: what you returned costs you nothing any more. What you had paid for it is on its way back to you."
        ),
        lock=NEWS,
        link=AGREEMENT,
    )
)
RETURN_REFUSED = declare(
    NoticeKind(
        "return_refused",
        NoticeClass.MONEY,
        N_("The shop does not take it back"),
        N_(
            "{product}: your return was refused, and the schedule goes on as before. Your agreement shows the reason; if you see "
            "it otherwise, write to us."
        ),
        lock=LATE,
        link=AGREEMENT,
        texted=Texted.INSTEAD,
    )
)
RETURN_DELAYED = declare(
    NoticeKind(
        "return_delayed",
        NoticeClass.MONEY,
        N_("The shop has not answered yet"),
        N_(
            "What you sent back was to be looked at by now, and the shop has not said that it has it. Nothing is due meanwhile; we "
            "are asking them."
        ),
        lock=NEWS,
        link=AGREEMENT,
    )
)
TREATMENT_CONFIRMED = declare(
    NoticeKind(
        "treatment_confirmed",
        NoticeClass.MONEY,
        N_("A part of your treatment is confirmed"),
        N_(
            "{product}: the clinic says that it was done. The schedule of your agreement shows what is due, and when; if you see it "
            "otherwise, write to us."
        ),
        lock=NEWS,
        link=AGREEMENT,
    )
)
