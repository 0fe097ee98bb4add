"""What was typed into a form that is refused stands in it again, and in no other; and an address says nothing that nobody typed."""

from uuid import UUID

from domain.actors import Role
from domain.risk.rules import CLUSTER
from tests.api.console.pages.conftest import NewBrowser

WORDS = 'The bank & "its" customers'
SHOWN = 'value="The bank &amp; &#34;its&#34; customers"'
RULE = {"mode": "LIVE", "action": "REFER", "people": "many", "days": "30", "new": "3", "new_days": "7"}
REFUSED = {
    "/console/stops": (Role.RISK, {"kind": "PAYOUTS", "subject": str(UUID(int=1))}),
    f"/console/signals/rules/{CLUSTER.code}": (Role.RISK, RULE),
    "/console/breathing-spaces": (Role.RISK, {"agreement": "none", "from": "2027-01-31", "until": "2027-02-28"}),
    "/console/members": (Role.MARKETING, {"phone": "+86 1"}),
}


async def test_nobody_types_twice_what_was_refused(browser_of: NewBrowser) -> None:
    for to, (role, said) in REFUSED.items():
        browser = await browser_of(role)
        refused = await browser.send(to, {**said, "reason": WORDS})
        assert refused.status_code in (400, 404), to
        assert refused.text.count(SHOWN) == 1, to
        again = await browser.open(f"{to.partition('/rules')[0].replace('breathing-spaces', 'hardships')}?reason=typed")
        assert SHOWN not in again.text and 'value="typed"' not in again.text, to
