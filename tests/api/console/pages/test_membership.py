"""Membership in a browser: a draft to live rules and back, benefits, plans, one member's story, approvals and the trail of changes."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from api.console.pages import changes, regulator, tier_rules
from api.console.pages.regulator import in_force
from domain.actors import Role, UserActor
from domain.disputes.disputes import Dispute, DisputeStatus
from infra import clock
from infra.copying import copy_in
from infra.database import reading, transaction
from infra.ids import global_id, new_id
from infra.money import Money
from membership import rules
from membership.benefits import Benefit, BenefitStatus
from membership.changing import publishing, simulations
from membership.plans import buying
from ml.live.approvals import ModelMove, MoveKind
from ml.live.store import ModelKind
from tests.api.console.pages.conftest import Browser, NewBrowser, words_of
from tests.api.console.test_members import WHY, someone
from tests.api.people import open_shop
from tests.trying import rolled_back
from tests.working import work_off

RULES = "/console/tiers/rules"
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')
LADDER = {
    "LITE": (0, 0, 0),
    "SILVER": (620, 0, 30),
    "GOLD": (700, 0, 60),
    "PLATINUM": (740, 6, 60),
    "BLACK": (790, 24, 90),
}
COLUMNS = ("points_at_least", "activity_at_least", "grace_days")


def typed(**other: str) -> dict[str, str]:
    cells = {
        f"{code}.{column}": str(value)
        for code, asked in LADDER.items()
        for column, value in zip(COLUMNS, asked, strict=True)
    }
    return {**cells, "note": "Fewer, better.", "key": str(uuid4()), **other}


async def go(browser: Browser, path: str, said: str, **more: str) -> int:
    return (await browser.send(path, {"said": said, "key": str(uuid4()), **more})).status_code


async def test_a_draft_is_tried_approved_published_and_taken_back(
    browser_of: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulations, "PEOPLE_MIN", 1)  # who stands as few do is told of to nobody
    marketing, approver = await browser_of(Role.MARKETING), await browser_of(Role.APPROVER)
    await someone()
    made = await marketing.send(RULES, typed(**{"GOLD.points_at_least": "710"}))
    path = made.headers["location"]
    version_id = UUID(path.rpartition("/")[2])
    async with reading() as db:
        first = (await rules.live(db)).id
    assert await go(marketing, path, "submit") == 409
    assert await go(marketing, path, "simulate") == 303
    async with reading() as db:
        begun = (await simulations.newest(db, {version_id}))[version_id]
    await work_off(begun.id)
    assert await go(marketing, path, "submit", comment="Please look.") == 303
    assert f'href="{path}"' in (await approver.open("/console/approvals")).text
    shown = await approver.open(path)
    [seen, *_] = SEEN.findall(shown.text)
    assert re.search(r"Points of the score that they lack .*Gold Silver \d+ – up to \d+", words_of(shown))
    assert await go(marketing, path, "approve", seen=seen) == 409
    assert await go(approver, path, "approve", seen="0" * 64) == 409
    assert await go(approver, path, "approve", seen=seen) == 303
    assert await go(approver, path, "publish") == 403
    assert await go(marketing, path, "publish", at="yesterday") == 400
    assert await go(marketing, path, "publish") == 303
    try:
        async with transaction() as db:
            await publishing.go_live(db, version_id)
        assert "Live" in await marketing.text(path)
    finally:
        assert await go(marketing, path, "roll_back", comment="Too few at gold.") == 303
    async with reading() as db:
        live = await rules.live(db)
        assert live.id == first
        taken = await rules.steps_of(db, {first, version_id})
        version = await rules.find(db, version_id)
    assert version is not None
    [(since, until)] = in_force(version, taken[version_id])
    (*_, (_, before), now) = in_force(live, taken[first])
    assert (before, now) == (since, (until, None)), "one of them is in force at each moment"
    told = await approver.text("/console/changes?q=tier-rules")
    assert "Waits for a second person → Approved" in told and "Live → Replaced" in told
    monkeypatch.setattr(changes, "EXPORTED_MAX", 3)
    cut = await approver.open("/console/changes.csv?q=tier-rules")
    assert cut.status_code == 400 and "These are more changes than one file takes." in cut.text


async def test_a_wrong_threshold_is_refused_at_its_field(browser_of: NewBrowser) -> None:
    marketing = await browser_of(Role.MARKETING)
    for value, sentence in (("610", "A tier asks for at least as much"), ("many", "Enter a number from 0 to 950.")):
        refused = await marketing.send(RULES, typed(**{"GOLD.points_at_least": value}))
        assert refused.status_code == 400 and sentence in refused.text
        wrong = re.search(r'<input name="([^"]+)"[^>]*aria-invalid="true"', refused.text)
        assert wrong is not None and wrong[1] == "GOLD.points_at_least"
        assert f'value="{value}"' in refused.text


async def test_versions_are_read_page_by_page(browser_of: NewBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    marketing = await browser_of(Role.MARKETING)
    made = [(await marketing.send(RULES, typed())).headers["location"] for _ in range(2)]
    monkeypatch.setattr(tier_rules, "SHOWN", 1)
    first = (await marketing.open(RULES)).text
    onward = re.search(r'href="(/console/tiers/rules\?after=[^"]+)"', first)
    assert onward is not None and f'href="{made[1]}"' in first and f'href="{made[0]}"' not in first
    assert f'href="{made[0]}"' in (await marketing.open(onward[1])).text
    assert (await marketing.open(f"{RULES}?after=nonsense")).headers["location"] == RULES


async def test_what_is_no_version_is_not_there(browser_of: NewBrowser) -> None:
    marketing = await browser_of(Role.MARKETING)
    for path in (f"{RULES}/x", f"{RULES}/{uuid4()}"):
        assert (await marketing.open(path)).status_code == 404
        assert await go(marketing, path, "nothing") == 404


async def test_a_benefit_is_saved_changed_and_retired(browser_of: NewBrowser) -> None:
    marketing, code = await browser_of(Role.MARKETING), f"spa-{uuid4()}"
    shop = await open_shop()
    said = {
        "code": code,
        "name": "A day at the spa",
        "segment": "HOSPITALITY",
        "quota": "2",
        "reset": "MONTHLY",
        "cycle": "CALENDAR",
        "unitCost": "80",
        "memberValue": "120.50",
        "tierCodes": "BLACK",
        "partnerId": str(shop.partner.id),
    }
    wrong = await marketing.send("/console/benefits", {**said, "quota": "0", "key": str(uuid4())})
    assert wrong.status_code == 400 and 'id="wrong-quota"' in wrong.text and 'value="A day at the spa"' in wrong.text
    assert (await marketing.send("/console/benefits", {**said, "key": str(uuid4())})).status_code == 303
    listed = await marketing.text(f"/console/benefits?q={code}")
    assert "1 benefit " in listed and "A day at the spa" in listed and "Black" in listed
    async with reading() as db:
        saved = (await db.execute(select(Benefit).where(Benefit.code == code))).scalar_one()
    page = f"/console/benefits/{saved.id}"
    assert f'<option value="{shop.partner.id}" selected>' in (await marketing.open(page)).text
    for partner, status in (("nobody", 400), (str(uuid4()), 404)):
        strange = await marketing.send(
            "/console/benefits", {**said, "partnerId": partner, "version": "1", "key": str(uuid4())}
        )
        assert strange.status_code == status and 'id="wrong-partnerId"' in strange.text
    again = {**said, "quota": "3", "version": "1", "key": str(uuid4())}
    assert (await marketing.send("/console/benefits", again)).status_code == 303
    stale = await marketing.send("/console/benefits", {**again, "quota": "4", "key": str(uuid4())})
    assert stale.status_code == 409 and "Somebody has changed this since." in words_of(stale)
    assert (await marketing.send(f"{page}/retire", {"version": "2"})).status_code == 303
    assert "Retires" in await marketing.text(page)
    assert "quota 2 → 3" in await marketing.text(f"/console/changes?q={code}")
    async with transaction() as db:
        await db.execute(update(Benefit).where(Benefit.code == code).values(status=BenefitStatus.RETIRED))


async def test_a_plan_waits_for_a_second_person(browser_of: NewBrowser) -> None:
    marketing, approver = await browser_of(Role.MARKETING), await browser_of(Role.APPROVER)
    code = f"club-{uuid4()}"
    said = {
        "code": code,
        "name": "The club",
        "price": "30",
        "period": "QUARTER",
        "trialDays": "7",
        "status": "LIVE",
        "benefitCodes": "lounge",
    }
    wrong = await marketing.send("/console/plans", {**said, "price": "0", "key": str(uuid4())})
    assert wrong.status_code == 400 and wrong.text.count('id="wrong-price"') == 1, "not in the forms of other plans"
    assert 'role="alert" tabindex="-1" autofocus>Something is not right yet: see below.' in wrong.text
    assert (await marketing.send("/console/plans", {**said, "key": str(uuid4())})).status_code == 303
    assert "Sell it no more" in await marketing.text(f"/console/plans?q={code}")
    card = (await approver.open("/console/plans")).text.partition(f'id="{code}"')[2]
    seen = SEEN.search(card)
    assert seen is not None
    answer = {"code": code, "seen": seen[1], "said": "approve"}
    own = await marketing.send("/console/plans/answer", answer)
    assert own.status_code == 409 and "somebody else must approve it" in words_of(own)
    assert (await approver.send("/console/plans/answer", answer)).status_code == 303
    ended = {**said, "status": "RETIRED", "version": "1", "key": str(uuid4())}
    assert (await marketing.send("/console/plans", ended)).status_code == 303


async def test_one_story_is_told_for_a_reason_and_the_number_stands_in_no_address(browser_of: NewBrowser) -> None:
    user, phone = await someone()
    marketing = await browser_of(Role.MARKETING)
    price = Money(12_800, "CNY")
    await buying.join(UserActor(user.id, new_id()), code="vip-year", price=price, address="", key=str(uuid4()))
    told = await marketing.send("/console/members", {"phone": phone, "reason": WHY})
    assert re.search(r"VIP for a year Goes on · until .* to .* CN¥128.00 CN¥0.00 CN¥0.00", words_of(told))
    assert told.status_code == 200 and "Reached the points and activity of the tier." in words_of(told)
    assert phone not in told.text and str(told.url).endswith("/console/members")
    assert (await marketing.send("/console/members", {"phone": phone, "reason": " "})).status_code == 400
    assert (await marketing.send("/console/members", {"phone": "+8613000000001", "reason": WHY})).status_code == 404


@pytest.mark.parametrize("query", ["", "?days=7", "?from=2026-01-01&to=2026-01-31"])
async def test_the_overview_is_the_home_page(browser_of: NewBrowser, query: str) -> None:
    viewer = await browser_of(Role.VIEWER)
    told = await viewer.text(f"/console{query}")
    assert "Members by tier" in told and "From registration to an agreement" in told
    lines = (await viewer.open(f"/console/overview.csv{query}")).text.splitlines()
    assert lines[0].lstrip("\ufeff") == "day,joined,lapsed,redemptions,benefitCost,planRevenue,currency"
    assert len(lines) - 1 == {"": 30, "?days=7": 7}.get(query, 31)


@pytest.mark.parametrize("query", ["?from=tomorrow", "?from=2026-02-01&to=2026-01-01", "?days=0"])
async def test_what_is_no_span_is_said_and_the_usual_one_shown(browser_of: NewBrowser, query: str) -> None:
    response = await (await browser_of(Role.VIEWER)).open(f"/console{query}")
    assert response.status_code == 400 and 'role="alert"' in response.text


async def test_the_regulator_reads_versions_and_changes_nothing(browser_of: NewBrowser) -> None:
    viewer = await browser_of(Role.VIEWER)
    text = (await viewer.open("/console/regulator")).text
    assert "vip-year" in text and "Wait for an answer" in text
    assert len(re.findall("<form", text)) == 1  # to sign out
    header, *lines = (await viewer.open("/console/regulator.csv")).text.lstrip("\ufeff").splitlines()
    assert header == "what,which,version,status,from,until,price,currency,by"
    assert any(re.fullmatch(r"tier-rules,,1,\w+,20[^,]+,[^,]*,,,Longan", line) for line in lines)
    assert any(re.fullmatch(r"plan,vip-year,1,\w+,20[^,]+,,128\.00,CNY,Longan", line) for line in lines)
    told = (await viewer.open("/console/regulator", **{"Accept-Language": "zh-CN"})).text
    assert "系统初始规则。" in told and "The rules that the house began with." not in told


async def test_the_regulator_reads_how_complaints_were_answered() -> None:
    async with rolled_back() as db:
        before = (await regulator._complaints(db))[0]
        now, staff_id = await clock.now(db), new_id()
        row = {"factor_code": "INCOME", "score_id": new_id(), "asked_at": now, "answer_by": now, "texts_sealed": b""}
        answered = {"answered_at": now, "answered_by": staff_id}
        how: list[dict[str, Any]] = [{"status": DisputeStatus.UPHELD}, *[{"status": DisputeStatus.REJECTED}] * 2]
        how = [each | answered for each in how] + [
            {"status": DisputeStatus.OPEN, "answered_at": None, "answered_by": None}
        ]
        await copy_in(db, Dispute, [{"user_id": new_id(), "id": new_id(), **row, **each} for each in how])
        after = (await regulator._complaints(db))[0]
    more = after.waiting - before.waiting, after.answered - before.answered, after.favoured - before.favoured
    assert more == (1, 3, 1) and after.promised_by is not None


async def test_the_regulators_file_has_all_of_them_however_many() -> None:
    async with rolled_back() as db:
        move = {"kind": ModelKind.SCORE, "move": MoveKind.PROMOTED, "version": "v", "moved_at": await clock.now(db)}
        await copy_in(db, ModelMove, [{**move, "id": new_id(), "gate": {}} for _ in range(5_001)])
        every = (await db.execute(select(func.count(ModelMove.id)))).scalar_one()
        lines = regulator._lines(await regulator._in_force(db))
        assert sum(what == "model" for what, *_ in lines) == every > 5_000


async def test_what_has_thousands_of_digits_is_no_number(browser_of: NewBrowser) -> None:
    """Python reads none so long, and no column has room for it."""
    marketing, long = await browser_of(Role.MARKETING), "9" * 5_000
    assert (await marketing.open(f"/console?days={long}")).status_code == 200
    saved = {"segment": "HOSPITALITY", "reset": "MONTHLY", "cycle": "CALENDAR", "unitCost": "80", "memberValue": "80"}
    forms = {
        RULES: typed(**{"GOLD.points_at_least": long}),
        "/console/benefits": {**saved, "quota": long},
        "/console/plans": {"period": "QUARTER", "price": "30", "trialDays": long, "status": "DRAFT"},
    }
    assert [(await marketing.send(path, form)).status_code for path, form in forms.items()] == [400] * 3
    assert (await marketing.send(f"/console/benefits/{uuid4()}/retire", {"version": long})).status_code == 404
    fee = {"number": long, "why": "GOODWILL"}
    risk = await browser_of(Role.RISK)
    assert (
        await risk.send(f"/console/agreements/{global_id('Agreement', new_id())}/late-fees", fee)
    ).status_code == 404
