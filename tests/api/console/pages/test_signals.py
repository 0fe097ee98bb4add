"""Signals in a browser: risk says whether they are right, two of them change a rule, and nobody else sees any of it."""

import pytest
from sqlalchemy import select

from domain.actors import Role
from domain.risk import rules, sightings, signals
from domain.risk.rules import CLUSTER
from domain.risk.signals import Signal, SignalVerdict, Suspect
from infra.database import reading, transaction
from infra.ids import new_id
from tests.api.console.pages.conftest import NewBrowser
from tests.api.people import somebody

PAGE = "/console/signals"
FORM = {"mode": "LIVE", "action": "REFER", "people": "5", "days": "30", "new": "3", "new_days": "7", "reason": "Seen."}


async def signal() -> Signal:
    async with transaction() as db:
        user = await somebody(db)
        seen = await sightings.of_session(db, user.id, new_id(), "10.0.0.9", device_id=None, is_new=True)
        await db.flush()
        await signals.raise_each(db, CLUSTER, [Suspect(seen, {"people": 6, "new": 4})])
        return (await db.execute(select(Signal).where(Signal.user_id == user.id))).scalar_one()


async def test_risk_says_whether_a_signal_was_right(browser_of: NewBrowser) -> None:
    told, browser = await signal(), await browser_of(Role.RISK)
    assert "6 people" in await browser.text(PAGE)
    assert (await browser.send(f"{PAGE}/{told.id}", {"verdict": "PERHAPS"})).status_code == 404
    assert (await browser.send(f"{PAGE}/{new_id()}", {"verdict": "RIGHT"})).status_code == 404
    assert (await browser.send(f"{PAGE}/{told.id}", {"verdict": "RIGHT"})).status_code == 303
    async with reading() as db:
        kept = await db.get_one(Signal, (told.user_id, told.id))
    assert (kept.verdict, kept.judged_by is not None) == (SignalVerdict.RIGHT, True)
    assert f"{PAGE}/{told.id}" not in (await browser.open(PAGE)).text


async def test_two_people_change_a_rule(browser_of: NewBrowser) -> None:
    author, other = await browser_of(Role.RISK), await browser_of(Role.RISK)
    to = f"{PAGE}/rules/{CLUSTER.code}"
    assert (await author.send(to, {**FORM, "people": "many"})).status_code == 400
    assert (await author.send(to, {**FORM, "mode": "LOUD"})).status_code == 404
    assert (await author.send(to, FORM)).status_code == 303
    assert (await author.send(to, FORM)).status_code == 409
    async with reading() as db:
        change = (await rules.waiting(db))[CLUSTER.code]
    answer = {"said": "APPROVED", "seen": change.hash}
    assert (await author.send(f"{PAGE}/changes/{change.id}", answer)).status_code == 409
    assert (await other.send(f"{PAGE}/changes/{change.id}", {**answer, "seen": "else"})).status_code == 409
    assert (await other.send(f"{PAGE}/changes/{change.id}", answer)).status_code == 303
    async with reading() as db:
        rule = (await rules.current(db))[CLUSTER.code]
    assert (rule.mode, rule.parameters["people"], rule.version) == ("LIVE", 5, change.version)
    as_before = {**FORM, "mode": "SHADOW", "people": "4"}
    for said, mode in (("REJECTED", "LIVE"), ("APPROVED", "SHADOW")):
        assert (await author.send(to, as_before)).status_code == 303
        async with reading() as db:
            change = (await rules.waiting(db))[CLUSTER.code]
        answer = {"said": said, "seen": change.hash}
        assert (await other.send(f"{PAGE}/changes/{change.id}", answer)).status_code == 303
        async with reading() as db:
            assert (await rules.waiting(db), (await rules.current(db))[CLUSTER.code].mode) == ({}, mode)


@pytest.mark.parametrize("role", [Role.MARKETING, Role.APPROVER, Role.VIEWER])
async def test_nobody_else_sees_any_of_it(browser_of: NewBrowser, role: Role) -> None:
    told, browser = await signal(), await browser_of(role)
    assert (await browser.open(PAGE)).status_code == 403
    assert (await browser.send(f"{PAGE}/{told.id}", {"verdict": "RIGHT"})).status_code == 403
