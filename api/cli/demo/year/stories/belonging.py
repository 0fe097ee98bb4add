"""Belongs: buys VIP, rises by what they use, uses nothing for a year, loses both, has back what VIP did not save, and returns."""

from datetime import date, datetime, timedelta

from api.cli.demo.doors import Data
from api.cli.demo.drawing import money
from api.cli.demo.journey import is_about_to_rise
from api.cli.demo.year.life import YearLife, YearStory
from api.cli.demo.year.membership import YearMembership, used_of
from api.cli.demo.year.person import YearPerson
from infra.clock import local_day
from infra.words import N_

# They buy ten days in, so that the cashier refuses nobody else's payment when it is to refuse theirs.
BOUGHT, AT_FIRST, LATER = 10, (("video-month", 4),), (("screen-insurance", 3), ("late-checkout", 1))
USED_AFTER, RISES_AFTER, LINKS_AGAIN_AFTER = 2, 30, 250
COUNTS_FOR, DAY = timedelta(days=366), timedelta(days=1)
REFUSED_MOST = 20  # a day of grace each, and some


async def live(life: YearLife) -> None:
    mine = YearMembership(life.person, life.desks.shop)
    held = await mine.look_until(lambda seen: bool(seen["benefits"]))
    told = N_("joins: {tier}, with {count} benefits")
    life.tell(told, tier=held["tier"]["name"], count=len(held["benefits"]), mark="▸", style="magenta")
    await life.pass_days(BOUGHT)
    plan = await mine.plan("vip-year")
    await buy(life, mine, plan)
    await life.pass_days(USED_AFTER)
    first_day = life.today
    await use(life, mine, plan, AT_FIRST)
    await life.pass_days(RISES_AFTER)
    await rise(life, mine, plan)
    await link_again(life)
    bought = await not_be_renewed(life, mine)
    await miss(life, mine, first_day)
    await lapse(life, mine, bought)
    await fall(life, mine)
    await come_back(life, mine)


async def buy(life: YearLife, mine: YearMembership, plan: Data) -> None:
    bought = await mine.buy(plan)
    held = await mine.look()
    told = N_("buys {plan} for {price}: {count} benefits until {last}")
    last = day_of(bought["validUntil"])
    life.tell(told, plan=plan["name"], price=money(plan["price"]), count=len(held["benefits"]), last=last)


async def use(life: YearLife, mine: YearMembership, plan: Data, wishes: tuple[tuple[str, int], ...]) -> None:
    """Use each benefit as often as they wish, or as its quota lets them."""
    names = {each["code"]: each["name"] for each in plan["benefits"]}
    for code, wished in wishes:
        before = (await mine.held(names[code]))["remaining"]
        held = await mine.use(names[code], wished)
        used = before - held["remaining"]
        if used == wished:
            told = N_("uses “{benefit}”: {used}, and {left} left")
            life.tell(told, benefit=names[code], used=used, left=held["remaining"])
        else:
            told = N_("uses “{benefit}”: {used}, and one more is refused until {day}")
            life.tell(told, benefit=names[code], used=used, day=day_of(held["resetsAt"]))


async def rise(life: YearLife, mine: YearMembership, plan: Data) -> None:
    """Rise by a score at once, and then by what they use."""
    lowest = (await mine.look())["tier"]["code"]
    await life.person.link_accounts()
    seen = await mine.look_until(lambda seen: has_risen(seen, lowest))
    by_score = seen["tier"]["code"]
    life.tell(N_("links accounts, and the score makes it {tier}"), tier=seen["tier"]["name"], mark="✓", style="green")
    await use(life, mine, plan, LATER)
    seen = await mine.look_until(lambda seen: has_risen(seen, by_score))
    told = N_("has used {used} benefits and rises to {tier}: {count} benefits")
    used, tier = len(seen["redemptions"]), seen["tier"]["name"]
    life.tell(told, used=used, tier=tier, count=len(seen["benefits"]), mark="✓", style="green")


async def link_again(life: YearLife) -> None:
    """Let their accounts be read anew: what was told of them lasts for a year at most, and what a tier asks for is points too."""
    await life.pass_days(LINKS_AGAIN_AFTER)
    await life.person.link_accounts()
    life.tell(N_("links the accounts again, before what they told is too old for a score"))


async def not_be_renewed(life: YearLife, mine: YearMembership) -> Data:
    """The payment of another year fails, and the first gives back what it did not save. What they bought, in its grace."""
    await life.until(day_of((await mine.look())["planSubscription"]["validUntil"]) - DAY)
    await life.desks.cashier.refuse(REFUSED_MOST)
    await life.pass_days(2)
    bought: Data = (await mine.look_until(lambda seen: is_plan(seen, "GRACE")))["planSubscription"]
    told = N_("The card is refused, so VIP is not renewed; its benefits stay until {last}")
    life.tell(told, last=day_of(bought["validUntil"]), mark="✗", style="red")
    told = N_("VIP cost {paid} and saved {saved}: {refunded} goes back by itself")
    figures = {name: bought[name] for name in ("paid", "saved", "refunded")}
    life.tell(told, **{name: money(amount) for name, amount in figures.items()}, mark="✓", style="green")
    life.figures |= figures
    return bought


async def miss(life: YearLife, mine: YearMembership, used_first: date) -> None:
    """What they used first counts no more, and they are told what is missing."""
    known = await mine.notices()
    await life.until(used_first + COUNTS_FOR)
    held = await mine.look_until(lambda seen: seen["validUntil"] is not None)
    notice = await mine.news(known, about=held["tier"]["name"])
    told = N_("has used too little within a year, and is told: “{title}. {body}”")
    life.tell(told, title=notice["title"], body=notice["body"], mark="✗", style="red")


async def lapse(life: YearLife, mine: YearMembership, bought: Data) -> None:
    await life.until(day_of(bought["validUntil"]) + DAY)
    held = await mine.look_until(lambda seen: is_plan(seen, "LAPSED"))
    told = N_("VIP has ended; {tier} alone leaves {count} benefits")
    life.tell(told, tier=held["tier"]["name"], count=len(held["benefits"]))


async def fall(life: YearLife, mine: YearMembership) -> None:
    before = await mine.look()
    await life.until(day_of(before["validUntil"]) + DAY)
    held = await mine.look_until(lambda seen: seen["tier"]["code"] != before["tier"]["code"])
    told = N_("The time of grace is over: from {before} to {tier}, {count} benefits")
    tiers = {"before": before["tier"]["name"], "tier": held["tier"]["name"]}
    life.tell(told, **tiers, count=len(held["benefits"]), mark="✗", style="red")


async def come_back(life: YearLife, mine: YearMembership) -> None:
    await life.desks.cashier.accept()
    await life.pass_days(2)
    plan = await mine.plan("vip-month")
    bought = await mine.buy(plan)
    told = N_("comes back: {plan}, for free until {last}, then {price}")
    last = day_of(bought["validUntil"])
    life.tell(told, plan=plan["name"], last=last, price=money(plan["price"]), mark="✓", style="green")
    seen = await mine.look()
    life.figures |= {"tier": seen["tier"], "used": dict(used_of(seen))}


def has_risen(membership: Data, above: str) -> bool:
    """Whether the tier is another one, and as high as it is to become: a score comes account by account."""
    return membership["tier"]["code"] != above and not is_about_to_rise(membership)


def is_plan(membership: Data, status: str) -> bool:
    return bool(membership["planSubscription"]["status"] == status)


def day_of(moment: str) -> date:
    return local_day(datetime.fromisoformat(moment))


STORY = YearStory(
    "steady-shopper", N_("Su Wan"), N_("belongs, falls, and comes back"), live, arrive=YearPerson.register
)
