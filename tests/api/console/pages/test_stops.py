"""Stops in a browser: one person stops, two let it move again, and what waited goes on."""

import re

from sqlalchemy import update

from domain import stops
from domain.actors import Role
from domain.stops import EVERYTHING, Stop, StopKind
from infra.database import reading, transaction
from infra.ids import new_id
from tests.api.console.pages.conftest import NewBrowser, words_of

PAGE = "/console/stops"
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')


async def newest() -> Stop:
    async with reading() as db:
        return next(iter(await stops.newest(db, 1)))


async def test_one_stops_and_two_let_it_move_again(browser_of: NewBrowser) -> None:
    one, other = await browser_of(Role.RISK), await browser_of(Role.APPROVER)
    said = {"kind": "PAYOUTS", "reason": f"The bank pays twice {new_id()}"}
    try:
        assert (await one.send(PAGE, {**said, "reason": " "})).status_code == 400
        assert (await one.send(PAGE, {**said, "subject": str(new_id())})).status_code == 400
        assert (await one.send(PAGE, {**said, "kind": "DRAW_DOWNS", "subject": str(new_id())})).status_code == 404
        assert (await one.send(PAGE, {**said, "kind": "EVERYTHING"})).status_code == 404
        assert (await one.send(PAGE, said)).status_code == 303
        again = await other.send(PAGE, said)
        assert again.status_code == 409 and "This is stopped already." in words_of(again)
        stop = await newest()
        its = f"{PAGE}/{stop.id}"
        assert f"Payouts Everything {said['reason']}" in await one.text(PAGE)
        assert (await one.send(its, {"said": "ask"})).status_code == 303
        [seen] = SEEN.findall((await other.open(PAGE)).text)
        mine = await one.send(its, {"said": "APPROVED", "seen": seen})
        assert mine.status_code == 409 and "somebody else must approve it" in words_of(mine)
        assert (await other.send(its, {"said": "APPROVED", "seen": "0" * 64})).status_code == 409
        assert (await newest()).lifted_at is None
        assert (await other.send(its, {"said": "REJECTED"})).status_code == 303
        assert (await other.send(its, {"said": "APPROVED", "seen": seen})).status_code == 409
        assert (await other.send(its, {"said": "ask"})).status_code == 303
        assert (await one.send(its, {"said": "APPROVED", "seen": seen})).status_code == 303
        async with reading() as db:
            assert not await stops.is_stopped(db, StopKind.PAYOUTS)
        assert (await one.send(its, {"said": "ask"})).status_code == 409
        assert (await one.send(f"{PAGE}/nonsense", {"said": "ask"})).status_code == 404
        assert (await one.send(f"{PAGE}/{EVERYTHING}", {"said": "ask"})).status_code == 404
    finally:
        async with transaction() as db:
            still = update(Stop).where(Stop.lifted_at.is_(None), Stop.kind == StopKind.PAYOUTS)
            await db.execute(still.values(lifted_at=Stop.stopped_at))
