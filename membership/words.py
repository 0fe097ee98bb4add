"""What people are told of their membership, in words."""

from domain.notices.classes import NoticeClass
from domain.notices.kinds import Link, NoticeKind, declare
from infra.words import N_

MEMBERSHIP = Link("membership")
NEWS = N_("There is news about your Longan membership. Open Longan to read it.")

TIER_RAISED = declare(
    NoticeKind(
        "tier_raised",
        NoticeClass.SERVICE,
        N_("You reached {tier}"),
        N_("Your membership is {tier} from now on. See what it brings you under your membership."),
        lock=NEWS,
        topic="tier",
        link=MEMBERSHIP,
    )
)
TIER_LOWERED = declare(
    NoticeKind(
        "tier_lowered",
        NoticeClass.SERVICE,
        N_("Your membership is {tier} now"),
        N_(
            "{before} asks for more points or activity than you have just now. Your membership shows what is missing for it."
        ),
        lock=NEWS,
        topic="tier",
        link=MEMBERSHIP,
    )
)


def _at_risk(code: str, missing: str) -> NoticeKind:
    title = N_("You keep {tier} until {until_at}")
    return declare(NoticeKind(code, NoticeClass.SERVICE, title, missing, lock=NEWS, topic="tier", link=MEMBERSHIP))


TIER_AT_RISK = _at_risk(
    "tier_at_risk",
    N_("Still needed to keep {tier}: points {points}; orders, repayments on time or benefits used {activity}."),
)
TIER_LACKS_POINTS = _at_risk("tier_lacks_points", N_("Points still needed to keep {tier}: {points}."))
TIER_LACKS_ACTIVITY = _at_risk(
    "tier_lacks_activity",
    N_("Orders, repayments on time or benefits used that are still needed to keep {tier}: {activity}."),
)
# Whoever was told before it said what is missing reads it still.
TIER_ENDS_SOON = _at_risk(
    "tier_ends_soon",
    N_(
        "You have fewer points or less activity than {tier} asks for. Your membership shows what is missing to keep it."
    ),
)
BENEFIT_USED = declare(
    NoticeKind(
        "benefit_used",
        NoticeClass.SERVICE,
        N_("A benefit was used"),
        N_(
            "One of your benefits was used just now. If it was not you, tell us at once; what is left stands under your membership."
        ),
        lock=NEWS,
        link=MEMBERSHIP,
    )
)
REPAYMENT_COUNTED = declare(
    NoticeKind(
        "repayment_counted",
        NoticeClass.MONEY,
        N_("Your repayment has arrived"),
        N_("Thank you: an instalment is repaid. What is still to come stands with your agreement."),
        lock=N_("There is news about your agreement. Open Longan to read it."),
        link=Link("agreements", "Agreement"),
    )
)
PLAN_RENEWS_SOON = declare(
    NoticeKind(
        "plan_renews_soon",
        NoticeClass.MONEY,
        N_("Your plan is renewed soon"),
        N_(
            "{plan}: on {until_at} it is renewed, and {price} {currency} is paid for the time after. If you do not want that, leave "
            "it before then under your membership."
        ),
        lock=NEWS,
        topic="plan",
        link=MEMBERSHIP,
    )
)
PLAN_NOT_PAID = declare(
    NoticeKind(
        "plan_not_paid",
        NoticeClass.SERVICE,
        N_("Your plan could not be renewed"),
        N_("The payment for your plan failed. You keep its benefits until {until_at}; we try again until then."),
        lock=NEWS,
        topic="plan",
        link=MEMBERSHIP,
    )
)
PLAN_LAPSED = declare(
    NoticeKind(
        "plan_lapsed",
        NoticeClass.SERVICE,
        N_("Your plan has ended"),
        N_("Your plan was not paid, so its benefits have ended. You can join again whenever you like."),
        lock=NEWS,
        topic="plan",
        link=MEMBERSHIP,
    )
)
PLAN_REFUNDED = declare(
    NoticeKind(
        "plan_refunded",
        NoticeClass.SERVICE,
        N_("Your plan gives money back"),
        N_(
            "You paid more for a year of your plan than its benefits saved you. The difference is on its way back to you."
        ),
        lock=NEWS,
        topic="plan",
        link=MEMBERSHIP,
    )
)
PLAN_NOT_REFUNDED = declare(
    NoticeKind(
        "plan_not_refunded",
        NoticeClass.SERVICE,
        N_("Your plan's money has not gone back"),
        N_(
            "What you paid too much for a year of your plan could not go back the way it came. We look for another way; "
            "you can also write to us."
        ),
        lock=NEWS,
        topic="plan",
        link=MEMBERSHIP,
    )
)
