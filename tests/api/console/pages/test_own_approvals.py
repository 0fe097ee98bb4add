"""Nobody says yes to what they proposed themselves: each kind of thing that takes two people, at each door that could say it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from api.console.pages.approving import PLACES, WaitingApproval
from domain import approvals
from domain.actors import Role, StaffActor
from domain.approvals import KINDS, Approval
from domain.payments import takings
from domain.payments.cashiers import Paid
from domain.payments.takings import WhyUnmatched
from domain.people import staff_sessions
from domain.people.commissions import CommissionRate
from domain.permissions import MAY
from domain.risk import rules
from domain.risk.rules import TRAVEL
from domain.stops import Stop
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from infra.money import Money
from membership.changing import simulations
from ml.live import store
from ml.live.approvals import MODEL
from ml.live.store import ModelKind
from ml.promotion import promoting
from ml.promotion.promoting import NotPromoted
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.console.pages.test_campaigns import form as campaign_form
from tests.api.console.pages.test_membership import typed as ladder_form
from tests.api.console.pages.test_refunds import refused
from tests.api.doors import Client
from tests.api.people import open_shop, staff_member
from tests.house.test_changes import forms, leads_to, mutations
from tests.ml import standings
from tests.working import work_off

SEEN = "the hash of what was seen"
# Where a yes is said, and what with it; SEEN stands for the hash.
Yes = tuple[str, dict[str, str]]
YES, NO = {"approve", "APPROVED"}, {"approve": "reject", "APPROVED": "REJECTED"}


async def a_plan(author: Browser) -> tuple[Yes, ...]:
    code, key = f"club-{uuid4()}", str(uuid4())
    said = {"code": code, "name": "The club", "price": "30", "period": "QUARTER", "trialDays": "7", "status": "LIVE"}
    await sent(author, "/console/plans", said | {"benefitCodes": "lounge", "key": key})
    return (
        ("/console/plans/answer", {"code": code, "said": "approve", "seen": SEEN}),
        ("ApprovePlan", {"code": code, "hash": SEEN}),
    )


async def rules_of_tiers(author: Browser) -> tuple[Yes, ...]:
    path = await sent(author, "/console/tiers/rules", ladder_form())
    version_id = UUID(path.rpartition("/")[2])
    await sent(author, path, {"said": "simulate"})
    async with reading() as db:
        begun = (await simulations.newest(db, {version_id}))[version_id]
    await work_off(begun.id)
    await sent(author, path, {"said": "submit"})
    shown = global_id("TierRules", version_id)
    return (
        (path, {"said": "approve", "seen": SEEN}),
        ("ApproveTierRules", {"tierRulesId": shown, "simulationHash": SEEN}),
    )


async def a_campaign(author: Browser) -> tuple[Yes, ...]:
    path = await sent(author, "/console/campaigns", campaign_form())
    await sent(author, path, {"said": "submit"})
    shown = global_id("Campaign", UUID(path.rpartition("/")[2]))
    return ((path, {"said": "approve", "seen": SEEN}), ("ApproveCampaign", {"campaignId": shown, "hash": SEEN}))


async def a_stop(author: Browser) -> tuple[Yes, ...]:
    shop = await open_shop()
    await sent(author, "/console/stops", {"kind": "DRAW_DOWNS", "subject": str(shop.partner.id), "reason": "A fire."})
    async with reading() as db:
        stop = (await db.execute(select(Stop).where(Stop.subject_id == shop.partner.id))).scalar_one()
    path = f"/console/stops/{stop.id}"
    await sent(author, path, {"said": "ask"})
    return ((path, {"said": "APPROVED", "seen": SEEN}),)


async def strange_money(author: Browser) -> tuple[Yes, ...]:
    paid = Paid(f"ref-{new_id()}", Money(77_00, "CNY"), datetime(2026, 1, 2, tzinfo=UTC))
    async with transaction() as db:
        taking = await takings.take(db, "sandbox", f"strange-{new_id()}", paid)
        assert taking is not None
        await takings.set_apart(db, taking, WhyUnmatched.UNKNOWN_PAYMENT)
    path = f"/console/takings/{taking.id}/back"
    await sent(author, path, {"reason": "Not ours."})
    return ((path, {"verdict": "APPROVED", "seen": SEEN}),)


async def money_by_hand(author: Browser) -> tuple[Yes, ...]:
    _, refund = await refused()
    path = f"/console/refunds/{refund.id}/by-hand"
    await sent(author, path, {"reference": f"ICBC {uuid4()}"})
    return ((path, {"verdict": "APPROVED", "seen": SEEN}),)


async def a_commission(author: Browser) -> tuple[Yes, ...]:
    partner_id = (await open_shop()).partner.id
    await sent(author, f"/console/partners/{partner_id}/commission", {"rate": "0.5"})
    async with reading() as db:
        its = select(CommissionRate.id).where(CommissionRate.partner_id == partner_id)
        path = f"/console/commissions/{(await db.execute(its)).scalar_one()}"
    return ((path, {"verdict": "APPROVED", "seen": SEEN}),)


async def a_rule_of_signals(author: Browser) -> tuple[Yes, ...]:
    said = {name: str(value) for name, value in TRAVEL.parameters.items()}
    said |= {"mode": "LIVE", "action": "STEP_UP", "reason": "It was right."}
    await sent(author, f"/console/signals/rules/{TRAVEL.code}", said)
    async with reading() as db:
        path = f"/console/signals/changes/{(await rules.waiting(db))[TRAVEL.code].id}"
    return ((path, {"said": "APPROVED", "seen": SEEN}),)


# By kind: who proposes one, and the doors that could say yes to it, in the order in which it says how.
KINDS_TRIED: Mapping[str, tuple[Callable[[Browser], Awaitable[tuple[Yes, ...]]], tuple[str, ...]]] = {
    "plan": (a_plan, ("api.console.pages.plans.answer", "api.console.plans.PlanMutation.approve_plan")),
    "tier-rules": (
        rules_of_tiers,
        (
            "api.console.pages.tier_rules.take_step",
            "api.console.changing_tier_rules.TierRulesMutation.approve_tier_rules",
        ),
    ),
    "campaign": (
        a_campaign,
        (
            "api.console.pages.campaigns.answer",
            "api.console.changing_campaigns.CampaignMutation.approve_campaign",
        ),
    ),
    "lift-stop": (a_stop, ("api.console.pages.stopping.answer",)),
    "send_back": (strange_money, ("api.console.pages.takings.send_back",)),
    "give_back_by_hand": (money_by_hand, ("api.console.pages.refunds.give_by_hand",)),
    "commission": (a_commission, ("api.console.pages.partners.answer",)),
    "change-signal-rule": (a_rule_of_signals, ("api.console.pages.signals.answer",)),
}
FROM_A_SHELL = {"model"}  # `longan models approve`, with the proofs of whoever does it


async def sent(author: Browser, path: str, said: Mapping[str, Any]) -> str:
    """Where a form led that was taken."""
    answer = await author.send(path, {"key": str(uuid4()), **said})
    assert answer.status_code == 303, words_of(answer)
    return answer.headers["location"]


async def say(author: Browser, yes: Yes, hash: str) -> str:
    """What somebody is answered who says yes: the words of a page, or the code of a refusal."""
    where, said = yes
    told = {name: hash if value == SEEN else value for name, value in said.items()}
    if where.startswith("/"):
        answer = await author.send(where, told)
        assert answer.status_code == 409
        return words_of(answer)
    client = Client(author.http, "console", author.http.cookies["longan_console"])
    (refused,) = (await client.send(where, input=told)).values()
    return str(refused.get("code") or refused["refusalCode"])


async def proposed_by(author: Browser) -> Approval:
    known = await staff_sessions.find_member(author.http.cookies["longan_console"])
    assert known is not None
    async with reading() as db:
        return (await db.execute(select(Approval).where(Approval.proposed_by == known.actor.staff_id))).scalar_one()


def offers(page: str, hash: str) -> bool:
    """Whether one of its forms says yes to this."""
    forms = [form for form in page.split("<form")[1:] if hash in form]
    return any(f'value="{yes}"' in form.partition("</form>")[0] for form in forms for yes in YES)


def test_each_kind_and_each_door_is_tried() -> None:
    """What would take two people and is missing here, or has no place in the list of what waits, fails."""
    assert KINDS_TRIED.keys() | FROM_A_SHELL == KINDS.keys() == PLACES.keys()
    doors = {name for name in (*mutations(), *forms()) if leads_to(name, "domain.approvals.approve")}
    assert {door for _, its in KINDS_TRIED.values() for door in its} == doors


@pytest.mark.parametrize("name", KINDS_TRIED)
async def test_whoever_proposed_it_does_not_approve_it(browser_of: NewBrowser, name: str) -> None:
    kind, (propose, doors) = KINDS[name], KINDS_TRIED[name]
    both = next(role for role in Role if {kind.proposes, kind.approves} <= MAY[role])
    author, other = await browser_of(both), await browser_of(both)
    ways = await propose(author)
    waiting = await proposed_by(author)
    for _, yes in zip(doors, ways, strict=True):
        told = await say(author, yes, waiting.hash)
        assert told == "SECOND_PERSON_REQUIRED" or approvals.OWN in told
    assert (await proposed_by(author)).verdict is None
    place = WaitingApproval(waiting, "").place
    assert [offers((await each.open(place)).text, waiting.hash) for each in (author, other)] == [False, True]
    assert f'<th scope="row"><a href="{place}">' in (await other.open("/console/approvals")).text
    path, said = ways[0]
    await sent(author, path, {field: NO.get(value, value) for field, value in said.items()})


async def test_nor_a_model_from_a_shell(models: None) -> None:
    champion = (await standings.standing(ModelKind.SCORE)).champion
    assert champion is not None
    model = await standings.load_score(champion)
    version = await standings.save(replace(model, card={**model.card, "seed": f"own {uuid4()}"}))
    async with transaction() as db:
        author = StaffActor((await staff_member(db, Role.RISK)).id, Role.RISK)
        hash = await store.digest(db, version)
        await approvals.propose(db, author, MODEL, subject=version, hash=hash, title=version)
    async with transaction() as db:
        with pytest.raises(NotPromoted, match="another person must approve it"):
            await promoting.approve(db, version, by=author)
