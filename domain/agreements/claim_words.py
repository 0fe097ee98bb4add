"""What people are told of claims on their deposits, in words."""

from domain.agreements.words import AGREEMENT, LATE, NEWS
from domain.notices.classes import NoticeClass
from domain.notices.kinds import NoticeKind, Texted, declare
from infra.words import N_

DEPOSIT_CLAIMED = declare(
    NoticeKind(
        "deposit_claimed",
        NoticeClass.MONEY,
        N_("Something is claimed of your deposit"),
        N_(
            "{product}: the partner wants some of your deposit. Read why, and say no within {days} days if it is wrong, or it stands."
        ),
        lock=LATE,
        link=AGREEMENT,
        texted=Texted.INSTEAD,
    )
)
CLAIM_DECIDED = declare(
    NoticeKind(
        "claim_decided",
        NoticeClass.MONEY,
        N_("The claim on your deposit is decided"),
        N_("{product}: your agreement shows how much of your deposit was kept. The rest goes back to you."),
        lock=NEWS,
        link=AGREEMENT,
    )
)
CLAIM_DELAYED = declare(
    NoticeKind(
        "claim_delayed",
        NoticeClass.MONEY,
        N_("Our decision is late"),
        N_(
            "We promised to decide by now about the claim on your deposit, and did not. It is first in line; we are sorry."
        ),
        lock=NEWS,
        link=AGREEMENT,
    )
)
