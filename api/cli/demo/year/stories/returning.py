"""Returns: a phone that came on Monday goes back on Friday, and costs nothing."""

from api.cli.demo.doors import Data
from api.cli.demo.drawing import money
from api.cli.demo.year.life import YearLife, YearStory
from infra.words import N_

REASON = N_("The screen is too small for me.")


async def live(life: YearLife) -> None:
    shop = life.desks.shop

    async def approve(application: Data, annual_rate: str) -> None:
        await shop.sign_in()
        await shop.approve(application, annual_rate)

    offer = await life.person.sign("ELECTRONICS", "合作门店手机分期", "3600.00", 6, approve)
    agreement = await life.person.confirm_delivery()
    told = N_("buys a phone in {months} instalments; it comes, and {owed} is owed")
    owed = money(agreement["outstanding"])
    life.tell(told, months=offer["termMonths"], owed=owed, mark="▸", style="magenta")
    await life.pass_days(4)
    await life.person.change("ReturnGoods", reason=life.paper.words(REASON))
    life.tell(N_("sends it back: nothing is due until the shop has looked at it"))
    await life.pass_days(3)
    await life.say_as_partner(shop, "ConfirmReturn")
    agreement = await life.person.look_until(lambda seen: seen["status"] == "UNWOUND")
    told = N_("The shop has it again: unwound as if it had never been, {owed} owed")
    life.tell(told, owed=money(agreement["outstanding"]), mark="✓", style="green")


STORY = YearStory("steady-shopper", N_("Tang Xin"), N_("returns a phone within a week"), live)
