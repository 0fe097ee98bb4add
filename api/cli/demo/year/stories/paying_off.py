"""Pays off: a loan over a year, and all of it back in the fifth month, by the quote of a day."""

from api.cli.demo.drawing import money
from api.cli.demo.year.life import YearLife, YearStory
from infra.words import N_

INSTALMENTS, DAYS = 4, 9


async def live(life: YearLife) -> None:
    agreement = await life.borrow("8000.00")
    await life.pay_each(agreement["schedule"][:INSTALMENTS])
    await life.pass_days(DAYS)
    quote, agreement = await life.person.pay_off()
    told = N_("pays off all of it by the quote of the day: {amount}, of it {interest} interest for {days} days")
    life.tell(told, amount=money(quote["amount"]), interest=money(quote["interest"]), days=DAYS)
    sha256 = await life.person.read_paper("proof-of-settlement")
    told = N_("owes {owed}: proof of settlement, sha256 {hash}…")
    life.tell(told, owed=money(agreement["outstanding"]), hash=sha256[:12], mark="✓", style="green")


STORY = YearStory("steady-shopper", N_("Gao Yu"), N_("pays off in the fifth month"), live)
