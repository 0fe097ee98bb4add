"""The crowd of `longan bench tiers` stands where the live rules put it, so that only other rules move it."""

from dataclasses import replace
from uuid import UUID

import numpy as np
from sqlalchemy import select

from api.cli.bench import members as crowd
from api.cli.bench.ladder import Judging, TierPace
from api.cli.bench.tiers import _sentences
from api.cli.bench.waiting import MemberWaits, asking, waits_of
from domain.notices import contacting
from infra import vault
from membership import evaluating, grants
from membership.evaluating import BY_MERIT
from membership.members import Member
from tests.membership.living import newcomer
from tests.trying import rolled_back

COUNT = 300


async def test_the_live_rules_move_nobody_of_the_crowd() -> None:
    async with rolled_back() as db:
        ids = await crowd.write(db, np.random.default_rng(1), COUNT)
        codes = set((await db.execute(select(Member.tier_code).where(Member.user_id.in_(ids)))).scalars())
        held = await grants.held_by(db, {*ids})
        assert codes >= {"LITE", "SILVER", "GOLD"} and held.keys() == {*ids}
        seal = await vault.seal_of(db, ids[0])
        assert seal.open(seal.close("opens", "place"), "place") == "opens"
        assert await contacting.addressee(db, ids[0]) is not None, "or telling them would fail for ever"
        done = await evaluating.evaluate_range(db, UUID(int=ids[0].int - 1), ids[-1], COUNT, BY_MERIT)
        assert (done.people, done.moved, done.last) == (COUNT, 0, ids[-1])


async def test_a_member_asks_at_least_once_however_short_it_takes() -> None:
    async with asking([await newcomer()]) as took:
        pass
    assert waits_of(took).asked == 1 and waits_of(took).worst == took[0] > 0


def test_what_was_measured_is_told_with_what_went_wrong() -> None:
    waits = MemberWaits(100, 1.0, 2.0, 30.0)
    whole, cut = Judging(1_000, 210, 60.0, waits), Judging(700, 140, 50.0, waits)
    pace = TierPace(1_000, 1.0, 2.0, {"all tiers": (0.05, 0.02)}, whole, cut, 500, 3, None, waits, waits)
    lines = _sentences(pace)
    assert lines[0] == "1,000 members simulated in 2.0 s; all tiers 50 ms, again 20"
    assert lines[1].endswith("60 s, 210 moved: 3 otherwise than simulated, though the worker was killed after 500")
    assert lines[2] == "taken back: 700 judged in 50 s, 140 moved: cut short"
    assert "NOT everybody" in _sentences(replace(pace, is_back=False))[2]
