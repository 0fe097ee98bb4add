"""The membership of somebody in a year: what they buy, use and are told of it, as the app and a shop's server say it."""

import asyncio
from collections import Counter
from collections.abc import Callable

from api.cli.demo.desks import PartnerDesk
from api.cli.demo.doors import Data, RefusedAtDoor
from api.cli.demo.year.person import LOOK_AGAIN_SECONDS, WAIT_SECONDS, YearPerson

SPENT = "QUOTA_SPENT"


class YearMembership:
    """`shop` confirms what they use."""

    def __init__(self, person: YearPerson, shop: PartnerDesk) -> None:
        self._person, self._shop = person, shop

    async def plan(self, code: str) -> Data:
        """What can be bought under this code."""
        found: Data = next(each for each in await self._person.ask("Plans") if each["code"] == code)
        return found

    async def buy(self, plan: Data) -> Data:
        return await self._person.do("JoinPlan", planCode=plan["code"], price=plan["price"])

    async def look(self) -> Data:
        viewer = await self._person.ask("MyMembership")
        return {**viewer["membership"], "redemptions": viewer["redemptions"]["nodes"]}

    async def look_until(self, is_so: Callable[[Data], bool]) -> Data:
        """The membership, once it is so by what others do, or the day."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                if is_so(membership := await self.look()):
                    return membership
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def use(self, name: str, times: int) -> Data:
        """Show the shop a voucher so many times, or until the quota is spent. The benefit as it is held since."""
        held = await self.held(name)
        for _ in range(times):
            try:
                redemption = await self._person.do("RedeemBenefit", benefitId=held["id"])
            except RefusedAtDoor as refusal:
                if refusal.code != SPENT:
                    raise
                break
            await self._shop.say("ConfirmRedemption", voucher=redemption["voucher"])
        return await self.held(name)

    async def held(self, name: str) -> Data:
        benefits = (await self.look())["benefits"]
        found: Data = next(each for each in benefits if each["name"] == name)
        return found

    async def notices(self) -> list[Data]:
        """What they were told, the newest first."""
        viewer = await self._person.ask("MyNotices", first=20)
        return [edge["node"] for edge in viewer["notices"]["edges"]]

    async def news(self, known: list[Data], about: str) -> Data:
        """The newest notice that is none of these and speaks about this, once there is one."""
        ids = {each["id"] for each in known}
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for notice in await self.notices():
                    if notice["id"] not in ids and about in notice["body"]:
                        return notice
                await asyncio.sleep(LOOK_AGAIN_SECONDS)


def used_of(membership: Data) -> Counter[str]:
    """How often each benefit was used, by its name, as a partner confirmed it."""
    return Counter(each["benefit"]["name"] for each in membership["redemptions"] if each["status"] == "USED")
