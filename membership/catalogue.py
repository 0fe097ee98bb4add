"""The tiers, rules and benefits that the house begins with; from then on they are marketing's."""

from dataclasses import dataclass

from infra.words import N_
from membership.benefits import QuotaReset, Segment

HOSPITALITY, TRANSPORT, SHOPPING = Segment.HOSPITALITY, Segment.TRANSPORT, Segment.SHOPPING
ENTERTAINMENT, HOME, FINANCE = Segment.ENTERTAINMENT, Segment.HOME, Segment.FINANCE
MONTHLY, YEARLY, ONCE = QuotaReset.MONTHLY, QuotaReset.YEARLY, QuotaReset.ONCE


@dataclass(frozen=True)
class FirstTier:
    code: str
    name: str
    points_at_least: int
    activity_at_least: int
    grace_days: int


# Lowest first. The points are those where, on the scale of the score, one in five (600), one in sixteen (680), one in
# thirty (720) and one in eighty-five (780) would not repay; the two highest tiers are not reached by a score alone.
TIERS = (
    FirstTier("LITE", N_("Lite"), 0, 0, 0),
    FirstTier("SILVER", N_("Silver"), 600, 0, 30),
    FirstTier("GOLD", N_("Gold"), 680, 0, 60),
    FirstTier("PLATINUM", N_("Platinum"), 720, 6, 60),
    FirstTier("BLACK", N_("Black"), 780, 24, 90),
)


@dataclass(frozen=True)
class FirstPlan:
    """`price` of one period in whole units of the house's currency; `benefits` are codes of those below."""

    code: str
    name: str
    period: str
    price: int
    trial_days: int
    benefits: tuple[str, ...]


VIP = (
    "late-checkout",
    "hotel-breakfast",
    "lounge",
    "free-returns-more",
    "member-prices",
    "video-month",
    "home-cleaning",
)
PLANS = (
    FirstPlan("vip-month", N_("VIP by the month"), "MONTH", 15, 14, VIP),
    FirstPlan("vip-year", N_("VIP for a year"), "YEAR", 128, 0, (*VIP, "aircon-check", "screen-insurance")),
)


@dataclass(frozen=True)
class FirstBenefit:
    """`cost` of one use in whole units of the house's currency; every tier from `lowest` to `highest` grants it."""

    code: str
    name: str
    segment: Segment
    quota: int | None
    reset: QuotaReset
    cost: int
    lowest: str
    highest: str = "BLACK"

    @property
    def granted_by(self) -> list[str]:
        codes = [tier.code for tier in TIERS]
        return codes[codes.index(self.lowest) : codes.index(self.highest) + 1]


BENEFITS = (
    FirstBenefit("late-checkout", N_("Late hotel check-out until 14:00"), HOSPITALITY, 2, MONTHLY, 40, "SILVER"),
    FirstBenefit("hotel-breakfast", N_("Hotel breakfast for two"), HOSPITALITY, 4, YEARLY, 96, "GOLD"),
    FirstBenefit("hotel-upgrade", N_("Hotel room upgrade"), HOSPITALITY, 2, YEARLY, 260, "PLATINUM"),
    FirstBenefit("city-ride", N_("5 yuan off a city ride"), TRANSPORT, 2, MONTHLY, 5, "LITE"),
    FirstBenefit("lounge", N_("Airport or railway lounge visit"), TRANSPORT, 2, YEARLY, 120, "GOLD", "GOLD"),
    FirstBenefit("lounge-more", N_("Airport or railway lounge visit"), TRANSPORT, 6, YEARLY, 120, "PLATINUM"),
    FirstBenefit("airport-transfer", N_("Ride to or from the airport"), TRANSPORT, 4, YEARLY, 180, "BLACK"),
    FirstBenefit("free-returns", N_("Free return pick-up"), SHOPPING, 1, MONTHLY, 9, "LITE", "SILVER"),
    FirstBenefit("free-returns-more", N_("Free return pick-up"), SHOPPING, 5, MONTHLY, 9, "GOLD"),
    FirstBenefit("member-prices", N_("Member prices in partner shops"), SHOPPING, None, MONTHLY, 0, "SILVER"),
    FirstBenefit("welcome-voucher", N_("Welcome voucher of 20 yuan"), SHOPPING, 1, ONCE, 20, "LITE"),
    FirstBenefit("cinema-ticket", N_("Cinema ticket for 9.9 yuan"), ENTERTAINMENT, 1, MONTHLY, 28, "LITE"),
    FirstBenefit("video-month", N_("A month of video streaming"), ENTERTAINMENT, 3, YEARLY, 15, "GOLD"),
    FirstBenefit("presale", N_("Concert tickets before the public sale"), ENTERTAINMENT, None, YEARLY, 0, "PLATINUM"),
    FirstBenefit("aircon-check", N_("Air conditioner check and clean"), HOME, 1, YEARLY, 88, "SILVER"),
    FirstBenefit("home-cleaning", N_("Two hours of home cleaning"), HOME, 4, YEARLY, 100, "GOLD"),
    FirstBenefit("moving-voucher", N_("100 yuan off a move"), HOME, 1, YEARLY, 100, "LITE"),
    FirstBenefit("score-talk", N_("Your score explained by a person, by phone"), FINANCE, 1, YEARLY, 30, "LITE"),
    FirstBenefit("screen-insurance", N_("A month of phone screen insurance"), FINANCE, 2, YEARLY, 12, "SILVER"),
    FirstBenefit("free-transfer", N_("Transfer without a fee"), FINANCE, 3, MONTHLY, 2, "SILVER"),
)
