"""Falls ill: misses an instalment, asks for two months in which nothing is due, and goes on afterwards to the end."""

from api.cli.demo.doors import Data
from api.cli.demo.drawing import money
from api.cli.demo.year.life import YearLife, YearStory
from infra.words import N_

BEFORE, AFTER = 3, 6  # instalments
LATE_DAYS, PAUSE_MONTHS = 20, 2
REASON = N_("I was in hospital, and work again from next month on.")


async def live(life: YearLife) -> None:
    agreement = await life.borrow("5000.00")
    agreement = await life.pay_each(agreement["schedule"][:BEFORE])
    await be_helped(life, missed=coming(agreement)[0])
    await life.pay_each(coming(await life.person.look())[:AFTER])
    quote, agreement = await life.person.pay_off()
    told = N_("pays all that is left, {amount}; owed: {owed}")
    life.tell(told, amount=money(quote["amount"]), owed=money(agreement["outstanding"]), mark="✓", style="green")


async def be_helped(life: YearLife, missed: Data) -> None:
    await life.until(missed["dueOn"])
    await life.pass_days(LATE_DAYS)
    agreement = await life.person.look()
    told = N_("falls ill: instalment {number} is {days} days late")
    life.tell(told, number=missed["number"], days=agreement["overdueDays"], mark="✗", style="red")
    asked = {"kind": "PAUSE", "months": PAUSE_MONTHS, "from": missed["dueOn"], "reason": life.paper.words(REASON)}
    await life.person.change("RequestHardship", **asked)
    agreement = await life.person.look()
    told = N_("asks for a pause from that day on: granted at once; {days} days late, next due on {next}")
    days, following = agreement["overdueDays"], coming(agreement)[0]["dueOn"]
    life.tell(told, days=days, next=following, mark="✓", style="green")


def coming(agreement: Data) -> list[Data]:
    return [row for row in agreement["schedule"] if row["status"] == "OPEN"]


STORY = YearStory("steady-shopper", N_("Shen Ping"), N_("falls ill, and is helped"), live)
