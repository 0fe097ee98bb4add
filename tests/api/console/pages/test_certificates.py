"""The certificate of a campaign: what was scored since comes out the same from its facts alone, whoever was told or bought a plan."""

from types import ModuleType

from api.console import certifying
from api.console.certifying import Certificate, ReplayCount, touching
from domain.actors import Role
from infra.database import reading
from membership.campaigns import campaigns
from tests.api.console.pages.conftest import NewBrowser
from tests.membership.campaigns.audience import Crowd
from tests.membership.campaigns.running import begun, tell_everybody
from tests.membership.conftest import somebody
from tests.phones import Phone


async def certificate_of(campaign: campaigns.Campaign) -> Certificate:
    async with reading() as db:
        return await certifying.certify(db, campaign.id)


async def test_scores_of_its_people_come_out_the_same_from_their_facts(member: Phone, browser_of: NewBrowser) -> None:
    await member.tell(birthDate="2000-02-03", region="CN-SH", occupation="employee")
    for provider in ("wechat", "taobao"):
        await member.link(provider)
    await member.settle()
    author, approver = await somebody(Role.MARKETING), await somebody(Role.APPROVER)
    crowd = Crowd()
    await crowd.take_in(member.user_id)
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    await tell_everybody(campaign)
    before = await certificate_of(campaign)
    assert (before.holds, before.scores, before.decisions) == (True, ReplayCount(0, 0, 0), ReplayCount(0, 0, 0))
    await member.link("oidc")
    await member.settle()
    after = await certificate_of(campaign)
    assert (after.holds, after.scores) == (True, ReplayCount(1, 0, 0))
    assert after.modules > 100 and after.inputs > 10
    shown = await (await browser_of(Role.VIEWER)).text(f"/console/campaigns/{campaign.id}/certificate")
    assert "It holds" in shown and "none came out otherwise Of fewer than 200 people no number is told." in shown


def test_whatever_holds_something_of_membership_is_found() -> None:
    clean, touched, by_name = (ModuleType(f"domain.{name}") for name in ("clean", "touched", "by_name"))
    touched.thing, by_name.room = campaigns.Campaign, campaigns  # type: ignore[attr-defined]
    modules = {module.__name__: module for module in (clean, touched, by_name)}
    assert touching(modules) == ("domain.by_name", "domain.touched")
