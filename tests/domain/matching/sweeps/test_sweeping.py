"""Everybody is matched once; what is counted is what the rules say of each person and product alone."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from domain.actors import UserActor
from domain.credit.grades import Grade
from domain.credit.scoring import Scored
from domain.facts import readings
from domain.facts.readings import FactsVersion
from domain.market import eligibility
from domain.market.applicants import applicant_of
from domain.market.columns import columns_of
from domain.market.pairing import Pairing
from domain.market.rules import CODES, ELIGIBLE
from domain.matching import candidates as choosing
from domain.matching import disclosure, preferences, shelf, tasks
from domain.matching.matcher import OddsBand
from domain.matching.sweeps import group_costs, picks, reaches, snapshots, sweeping, sweeps
from domain.matching.sweeps.picks import Pick
from domain.matching.sweeps.reaches import ProductReach
from domain.matching.sweeps.snapshots import SnapshotPage
from domain.matching.sweeps.sweeps import Sweep
from domain.runs import runs
from domain.runs.runs import RunState
from infra import clock, outbox, schedules
from infra.database import Db
from infra.ids import new_id
from infra.outbox import Event, EventReaction
from infra.vault import PersonKey
from tests.domain.market import oracle
from tests.domain.matching import goods
from tests.domain.matching.everybody import DearestFirst, GradesByIncome, finish, owe, sweep, tell


async def picks_of(db: Db, user_id: UUID) -> list[Pick]:
    mine = select(Pick).where(Pick.user_id == user_id).order_by(Pick.position)
    return list((await db.execute(mine.execution_options(populate_existing=True))).scalars())


async def count(db: Db, kind: Any, sweep_id: UUID) -> int:
    counted = select(func.count()).select_from(kind).where(kind.sweep_id == sweep_id)
    return (await db.execute(counted)).scalar_one()


class TestReach:
    async def test_each_product_is_counted_as_the_rules_for_one_say(self, db: Db, people: list[UUID]) -> None:
        await owe(db, people[2], 400_000)
        begun = await sweep(db)
        on_shelf, sheets = await shelf.current(db), await readings.sheets(db, set(people))
        expected: dict[UUID, Counter[str]] = {product.id: Counter() for product in on_shelf.columns.products}
        for number, user_id in enumerate(people):
            scored = GradesByIncome().score(sheets[user_id]) if number < 6 else None
            burden = 400_000 if number == 2 else 0
            who = applicant_of(sheets[user_id], scored if isinstance(scored, Scored) else None, burden)
            for product in on_shelf.columns.products:
                expected[product.id][oracle.applying(product, who)] += 1
        found = await reaches.of_products(db, expected)
        assert {id: one.people for id, one in found.items()} == dict.fromkeys(expected, 8)
        told = {id: Counter(one.against) + Counter(ELIGIBLE=one.eligible) for id, one in found.items()}
        assert told == expected
        assert len(set().union(*expected.values())) >= 5, "several rules stood against somebody"
        assert {one.as_of for one in found.values()} == {begun.ended_at}
        assert {one.simulated for one in found.values()} == {True}, "the scores are"

    async def test_only_a_sweep_that_came_to_its_end_is_told_of(self, db: Db, people: list[UUID]) -> None:
        done = await sweep(db)
        again = await sweeping.begin(db, 2)
        await sweeping.do_next_batch(db, again.id, 0)
        last = await sweeps.last_done(db)
        assert last is not None and last.id == done.id
        assert await sweeping.begin_if_none_runs(db) is None

    async def test_what_partners_are_told_is_counted_of_coarse_people(self, db: Db, people: list[UUID]) -> None:
        begun = await sweep(db, ranges=1)
        everybody = disclosure.coarse(await snapshots.of_sweep(db, begun.id))
        found = await reaches.of_products(db, [row.id for row in (await shelf.current(db)).columns.products])
        for product in (await shelf.current(db)).columns.products:
            first = eligibility.applying(Pairing(everybody, columns_of([product])))[:, 0]
            told = found[product.id].disclosed
            can = first == ELIGIBLE
            assert told.eligible == can.sum() + disclosure.error_of(can)
            for place, code in enumerate(CODES[1:], start=1):
                assert told.against[code] == (first == place).sum() + disclosure.error_of(first == place)

    async def test_a_batch_that_was_given_up_keeps_no_later_night_from_beginning(
        self, db: Db, people: list[UUID]
    ) -> None:
        stuck = await sweeping.begin(db, 1)
        assert await sweeping.begin_if_none_runs(db) is None
        mine = select(Event.id).where(Event.subject_id == stuck.id)
        parked = update(EventReaction).where(EventReaction.event_id.in_(mine))
        await db.execute(parked.values(parked_at=await clock.now(db)))
        begun = await sweeping.begin_if_none_runs(db)
        assert begun is not None and begun.state == RunState.RUNNING
        await db.refresh(stuck)
        assert stuck.state == RunState.SUPERSEDED
        await sweeping.do_next_batch(db, stuck.id, 0)  # somebody releases it after all
        assert (await sweeps.progress(db, stuck.id)).done == 0
        assert await sweeping.begin_if_none_runs(db) is None

    async def test_without_a_sweep_nothing_is_known(self, db: Db) -> None:
        await db.execute(delete(Sweep))
        on_shelf = await shelf.current(db)
        assert await reaches.of_products(db, [on_shelf.product(0).id]) == {}


class TestPicks:
    async def test_the_best_are_kept_in_order(self, db: Db, people: list[UUID]) -> None:
        begun = await sweep(db)
        on_shelf, sheet = await shelf.current(db), await readings.sheet(db, people[2])
        candidates = choosing.allowed(on_shelf, applicant_of(sheet, goods.scored(grade=Grade.A)))
        order = DearestFirst().rank(sheet, goods.scored(), candidates).order[:10]
        mine = await picks_of(db, people[2])
        assert [pick.product_id for pick in mine] == [
            on_shelf.product(int(candidates.rows[place])).id for place in order
        ]
        assert [pick.position for pick in mine] == [*range(10)]
        assert {(pick.odds, pick.odds_band, pick.is_personal) for pick in mine} == {(0.8, OddsBand.HIGH, True)}
        assert {(pick.facts_version, pick.shelf_version) for pick in mine} == {(1, on_shelf.version)}
        assert {pick.model_version for pick in mine} == {"dearest-first"}
        told = await sweeps.progress(db, begun.id)
        assert (told.state, told.people, told.done, told.matched, told.unreadable) == (RunState.DONE, 8, 8, 8, 0)

    async def test_who_has_no_score_has_no_odds(self, db: Db, people: list[UUID]) -> None:
        await sweep(db)
        assert {(pick.odds, pick.odds_band) for pick in await picks_of(db, people[7])} == {(None, None)}

    async def test_a_second_sweep_takes_the_place_of_the_first(self, db: Db, people: list[UUID]) -> None:
        await sweep(db)
        before = [pick.product_id for pick in await picks_of(db, people[2])]
        await owe(db, people[2], 440_000)
        await sweep(db, ranges=3)
        after = [pick.product_id for pick in await picks_of(db, people[2])]
        assert before and len(after) < len(before)

    async def test_who_wants_no_personal_choice_is_shown_the_cheapest(self, db: Db, people: list[UUID]) -> None:
        await preferences.choose(db, UserActor(people[2], new_id()), is_personal=False)
        await sweep(db)
        mine, on_shelf = await picks_of(db, people[2]), await shelf.current(db)
        costs = [on_shelf.columns.annual_cost[on_shelf.row_of(pick.product_id)] for pick in mine]
        assert costs == sorted(costs) and not any(pick.is_personal for pick in mine)

    async def test_what_cannot_be_opened_is_counted_and_stops_nobody(self, db: Db, people: list[UUID]) -> None:
        spoil = update(readings.Reading).where(readings.Reading.user_id == people[1])
        await db.execute(spoil.values(facts_sealed=b"spoilt, and not a sealed value"))
        told = await sweeps.progress(db, (await sweep(db)).id)
        assert (told.matched, told.unreadable, told.done) == (7, 1, 8)
        assert await picks_of(db, people[1]) == []

    async def test_who_was_erased_meanwhile_leaves_no_trace(
        self, db: Db, people: list[UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = sweeping._write

        async def erased_first(db: Db, *batch: Any) -> Any:
            await db.execute(delete(FactsVersion).where(FactsVersion.user_id == people[2]))
            return await write(db, *batch)

        monkeypatch.setattr(sweeping, "_write", erased_first)
        await db.execute(delete(PersonKey).where(PersonKey.user_id == people[0]))
        begun = await sweep(db)
        assert await picks_of(db, people[0]) == await picks_of(db, people[2]) == []
        assert len(await snapshots.of_sweep(db, begun.id)) == 6
        assert (await sweeps.progress(db, begun.id)).unreadable == 0


class TestAudience:
    async def test_the_best_come_first_and_only_who_is_known_as_then(self, db: Db, people: list[UUID]) -> None:
        await sweep(db)
        product = (await picks_of(db, people[2]))[0].product_id
        chosen = select(Pick.user_id).where(Pick.product_id == product)
        everybody = list((await db.execute(chosen.order_by(Pick.position, Pick.user_id))).scalars())
        assert len(everybody) > 2
        assert await picks.audience(db, product, at_most=100) == everybody
        assert await picks.audience(db, product, at_most=2) == everybody[:2]
        await tell(db, everybody[0], region="CN-TJ")
        await preferences.choose(db, UserActor(everybody[1], new_id()), is_personal=False)
        assert await picks.audience(db, product, at_most=100) == everybody[2:]

    async def test_a_band_may_be_asked_for(self, db: Db, people: list[UUID]) -> None:
        await sweep(db)
        product = (await picks_of(db, people[2]))[0].product_id
        with_odds = await picks.audience(db, product, at_most=100, odds=[OddsBand.HIGH])
        assert people[2] in with_odds and not {*people[5:]} & {*with_odds}
        assert await picks.audience(db, product, at_most=100, odds=[OddsBand.MEDIUM]) == []

    async def test_a_band_that_does_not_keep_its_word_finds_nobody(self, db: Db, people: list[UUID]) -> None:
        await sweep(db)
        product = (await picks_of(db, people[2]))[0].product_id
        await db.execute(update(Pick).values(odds_band=OddsBand.LOW))
        assert await picks.audience(db, product, at_most=100, odds=[OddsBand.LOW]) == []


class TestGoingOn:
    async def test_a_batch_that_fails_in_the_middle_leaves_nothing_and_is_done_again(
        self, db: Db, people: list[UUID], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = await sweeping.begin(db, 1)
        await sweeping.do_next_batch(db, begun.id, 0)
        before = await count(db, SnapshotPage, begun.id)
        with monkeypatch.context() as patch:
            patch.setattr(group_costs, "add", broken)
            with pytest.raises(ConnectionError):
                await in_a_transaction_of_its_own(db, begun)
        assert await count(db, SnapshotPage, begun.id) == before == 1
        await finish(db, begun, 0)
        assert (await sweeps.progress(db, begun.id)).matched == 8
        assert len(await snapshots.of_sweep(db, begun.id)) == 8

    async def test_a_newer_sweep_stops_the_older_one(self, db: Db, people: list[UUID]) -> None:
        older = await sweeping.begin(db, 1)
        newer = await sweep(db)
        await db.refresh(older)
        await sweeping.do_next_batch(db, older.id, 0)
        assert (older.state, newer.state) == (RunState.SUPERSEDED, RunState.DONE)
        assert await count(db, ProductReach, older.id) == 0

    async def test_only_the_last_one_is_kept_and_the_one_that_runs(self, db: Db, people: list[UUID]) -> None:
        first, second = await sweep(db), await sweep(db)
        third = await sweeping.begin(db, 1)
        await sweeping.do_next_batch(db, third.id, 0)
        done = select(Event).where(Event.subject_id == first.id, Event.name == sweeping.DONE)
        # Told late, of one that is no longer the last.
        await tasks.forget_older_sweeps(db, (await db.execute(done)).scalar_one())
        kept = [
            await count(db, kind, run.id) for run in (first, second, third) for kind in (SnapshotPage, ProductReach)
        ]
        assert [bool(each) for each in kept] == [False, False, True, True, True, False]


async def broken(*_: object) -> None:
    raise ConnectionError


async def in_a_transaction_of_its_own(db: Db, begun: Sweep) -> None:
    async with db.begin_nested():
        await sweeping.do_next_batch(db, begun.id, 0)


class TestReactions:
    async def test_the_night_begins_one_and_batches_follow_each_other(self, db: Db, people: list[UUID]) -> None:
        await tasks.match_everybody(db, await outbox.announce(db, tasks.SWEEP_DUE))
        begun = await runs.latest(db, Sweep)
        assert begun is not None and begun.people == 8
        told = select(Event).where(Event.subject_id == begun.id, Event.name == sweeping.BATCH_DUE).order_by(Event.id)
        done: list[Event] = []
        while due := list((await db.execute(told)).scalars())[len(done) :]:
            await tasks.match_batch(db, due[0])
            done.append(due[0])
        assert (begun.state, len(done)) == (RunState.DONE, 3)
        await tasks.match_everybody(db, done[0])
        again = await runs.latest(db, Sweep)
        assert again is not None and again.id != begun.id
        await tasks.match_everybody(db, done[0])
        assert await runs.latest(db, Sweep) is again, "one runs already"

    async def test_both_recur(self) -> None:
        assert schedules._wanted[tasks.SWEEP_DUE] == (timedelta(days=1), schedules.NIGHT)
        assert schedules._wanted[tasks.COUNT_DUE] == (timedelta(hours=1), None)
