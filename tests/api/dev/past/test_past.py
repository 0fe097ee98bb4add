"""The past of the invented people: as the domain would have made it, the same from the same seed, and counted only if asked."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import Table, delete, func, select

from api import wiring
from api.dev.past import making, progress
from api.dev.past.life import Life
from api.dev.past.people import Invented, everybody
from domain.actors import Role, StaffActor
from domain.applications import applications, cases, offers
from domain.applications.applications import AWAITING_REVIEW, LIFE, Application, ApplicationStatus
from domain.applications.decisions import FINAL, Decision, DecisionOutcome
from domain.applications.offers import Offer, OfferStatus
from domain.matching import product_days
from domain.matching.impressions import Impression
from domain.people import invented, users
from domain.people.invented import InventedPast, NotHere
from domain.people.users import User
from infra import clock
from infra.database import Db, reading, transaction
from infra.outbox import Event, EventReaction
from infra.receipts import Receipt
from infra.settings import settings
from membership import kept_counts, overview, tallying
from membership.members import Member, TierMove
from tests.nothing import NOBODYS
from tests.trying import rolled_back
from tests.visiting import visitor

SEED, PEOPLE = 7, 16
EN = {"accept-language": "en"}
UNUSED = "+8613000019998"
REVIEWER = StaffActor(NOBODYS, Role.APPROVER)


@pytest.fixture(scope="module")
async def past(models: None) -> AsyncIterator[list[Invented]]:
    """A past of a few, made whole, and taken away when these tests end."""
    await making.make(PEOPLE, SEED)
    async with reading() as db:
        made = await db.get_one(InventedPast, 1)
    who = list(everybody(made.people, made.seed, made.today))
    yield who
    async with transaction() as db:
        await forget(db)
        await product_days.count(db, since=product_days.BEFORE_ALL)
    progress.forget(settings().var.resolve())


async def forget(db: Db) -> None:
    await take_away(db, list((await db.execute(select(User.id).where(User.is_invented))).scalars()))
    await db.execute(delete(InventedPast))


async def take_away(db: Db, ids: Sequence[UUID]) -> None:
    """All rows of these people; those of records too, since the transaction names whom it erases."""
    for id in ids:
        await db.execute(select(func.set_config("longan.erases", str(id), True)))
        for table in reversed(owned_tables()):
            await db.execute(table.delete().where(table.c.user_id == id))
    await db.execute(delete(Receipt).where(Receipt.actor.in_([f"user:{id}" for id in ids])))
    await db.execute(delete(User).where(User.id.in_(ids)))


def owned_tables() -> list[Table]:
    return [each for each in User.metadata.sorted_tables if "user_id" in each.c]


def theirs(column: Any) -> Any:
    return column.in_(select(User.id).where(User.is_invented))


async def test_everybody_is_there_once_and_marked(past: list[Invented], db: Db) -> None:
    ids = (await db.execute(select(User.id).where(User.is_invented))).scalars().all()
    assert set(ids) == {who.id for who in past}
    assert len(ids) == PEOPLE
    assert await invented.standing(db) == invented.PastStanding(PEOPLE, PEOPLE, is_counted=True, is_whole=True)


async def test_making_it_again_changes_nothing(past: list[Invented], db: Db) -> None:
    before = await tallies(db)
    await making.make(PEOPLE, SEED)
    async with reading() as later:
        assert await tallies(later) == before


async def test_it_goes_on_where_it_was_broken_off(past: list[Invented]) -> None:
    async with transaction() as db:
        (await db.get_one(InventedPast, 1)).ended_at = None
        await take_away(db, [past[3].id])
        assert await invented.standing(db) == invented.PastStanding(PEOPLE - 1, PEOPLE, is_counted=True, is_whole=False)
    told: list[tuple[int, int]] = []
    await making.make(PEOPLE, SEED, lambda made, of: told.append((made, of)))
    assert told == [(number, PEOPLE) for number in range(1, PEOPLE + 1)]
    async with reading() as db:
        assert await invented.standing(db) == invented.PastStanding(PEOPLE, PEOPLE, is_counted=True, is_whole=True)


async def tallies(db: Db) -> list[tuple[str, int]]:
    """How many rows there are of each kind of theirs."""
    return [
        (
            each.name,
            (await db.execute(select(func.count()).select_from(each).where(theirs(each.c.user_id)))).scalar_one(),
        )
        for each in owned_tables()
    ]


async def test_every_application_went_a_way_that_there_is(past: list[Invented], db: Db) -> None:
    made = (await db.execute(select(Application).where(theirs(Application.user_id)))).scalars().all()
    assert len(made) > PEOPLE / 3
    timelines = await applications.timelines(db, {each.id for each in made})
    for application in made:
        told = [event.name.removeprefix("application.").upper() for event in timelines[application.id]]
        assert told[0] == "SUBMITTED"
        states = [{"REFERRED": "IN_REVIEW"}.get(name, name) for name in told]
        for before, after in itertools.pairwise(states):
            assert LIFE.allows(ApplicationStatus(before), ApplicationStatus(after)), states
        assert states[-1] == application.status
        at = [event.occurred_at for event in timelines[application.id]]
        assert at == sorted(at)
        assert application.created_at <= application.updated_at <= await clock.now(db)


async def test_each_decided_application_has_one_final_decision_and_an_offer_where_it_was_approved(
    past: list[Invented], db: Db
) -> None:
    made = (await db.execute(select(Application).where(theirs(Application.user_id)))).scalars().all()
    final = select(Decision).where(theirs(Decision.user_id), Decision.outcome.in_(FINAL))
    decided = {each.application_id: each for each in (await db.execute(final)).scalars()}
    offered = {
        each.application_id: each for each in (await db.execute(select(Offer).where(theirs(Offer.user_id)))).scalars()
    }
    assert {id for id, each in decided.items() if each.outcome == DecisionOutcome.APPROVE} == set(offered)
    stands = {
        ApplicationStatus.APPROVED: OfferStatus.OPEN,
        ApplicationStatus.EXPIRED: OfferStatus.EXPIRED,
        ApplicationStatus.WITHDRAWN: OfferStatus.WITHDRAWN,
    }
    for application in made:
        if application.id in offered:
            offer = offered[application.id]
            assert offer.status == stands[application.status]
            assert offer.expires_at == offer.made_at + offers.LASTS
            assert (offer.status == OfferStatus.OPEN) <= (offer.expires_at > await clock.now(db))
            assert sum(row[1] for row in offer.schedule) >= offer.amount or application.currency != offer.currency
        if application.status == ApplicationStatus.DECLINED:
            assert decided[application.id].outcome == DecisionOutcome.DECLINE


async def test_some_who_applied_lately_await_a_reviewer(past: list[Invented], db: Db) -> None:
    awaiting = [who.id for who in past if who.awaits_answer]
    made = select(Application).where(Application.user_id.in_(awaiting), Application.status.in_(AWAITING_REVIEW))
    waiting = (await db.execute(made)).scalars().all()
    assert {each.user_id for each in waiting} == set(awaiting) == {past[0].id}
    assert await clock.now(db) - waiting[0].created_at < timedelta(hours=3)
    assert all(each.is_invented for each in await cases.of_applications(db, list(waiting)))


async def test_nobody_did_anything_before_they_came_or_was_seen_before(past: list[Invented], db: Db) -> None:
    came = {who.id: who.came_at for who in past}
    users = (await db.execute(select(User).where(User.is_invented))).scalars()
    assert {each.id: each.created_at for each in users} == came
    moments: Sequence[tuple[Any, Any]] = [
        (Impression.user_id, Impression.shown_at),
        (Application.user_id, Application.created_at),
        (TierMove.user_id, TierMove.at),
        (Event.user_id, Event.occurred_at),
    ]
    now = await clock.now(db)
    for owner, at in moments:
        for id, moment in (await db.execute(select(owner, at).where(theirs(owner)))).all():
            assert came[id] <= moment <= now
    seen = select(Impression).where(theirs(Impression.user_id), Impression.application_id.is_not(None))
    for impression in (await db.execute(seen)).scalars():
        application = await db.get_one(Application, (impression.user_id, impression.application_id))
        assert impression.shown_at <= application.created_at
        assert impression.product_id == application.product_id
        assert impression.opened_at is not None


async def test_the_past_is_spread_over_months(past: list[Invented], db: Db) -> None:
    days = select(func.date(Impression.shown_at)).where(theirs(Impression.user_id)).distinct()
    found = sorted((await db.execute(days)).scalars())
    assert len(found) > PEOPLE / 2
    assert found[-1] - found[0] > timedelta(days=30)


async def test_nothing_that_was_due_is_still_owed(past: list[Invented], db: Db) -> None:
    owed = (
        select(EventReaction.reaction, EventReaction.due_at)
        .join(Event, Event.id == EventReaction.event_id)
        .where(theirs(Event.user_id), EventReaction.handled_at.is_(None))
    )
    now = await clock.now(db)
    assert [name for name, due_at in (await db.execute(owed)).all() if due_at <= now] == []


async def test_the_same_seed_lives_the_same_life(past: list[Invented], models: None) -> None:
    today = (await _past()).today
    told = []
    for _ in range(2):
        who = replace([*everybody(PEOPLE, 99, today)][2], phone=UNUSED)
        async with rolled_back() as db:
            await Life(db, who, REVIEWER, await clock.now(db)).live()
            told.append(await story_of(db, who))
    assert told[0] == told[1]
    assert told[0]


async def _past() -> InventedPast:
    async with reading() as db:
        return await db.get_one(InventedPast, 1)


async def story_of(db: Db, who: Invented) -> list[Any]:
    seen = select(Impression.product_id, Impression.position).where(Impression.user_id == who.id)
    asked = select(Application.product_id, Application.amount, Application.term_months, Application.status).where(
        Application.user_id == who.id
    )
    rows = [*(await db.execute(seen.order_by(Impression.shown_at, Impression.position))).all()]
    return [*map(tuple, rows), *map(tuple, (await db.execute(asked.order_by(Application.created_at))).all())]


async def test_counts_take_them_in_or_leave_them_out(past: list[Invented]) -> None:
    async with reading() as db:
        everybody_there = await members(db)
        tiers = select(func.count()).select_from(Member).where(theirs(Member.user_id))
        theirs_there = (await db.execute(tiers)).scalar_one()
        shown = await shown_of_all(db)
        mine = select(func.count()).select_from(Impression).where(theirs(Impression.user_id))
        shown_to_them = (await db.execute(mine)).scalar_one()
    assert theirs_there == PEOPLE
    async with transaction() as db:
        await kept_counts.renew(db, [tallying.TALLY], await clock.now(db))
    await making.take_in(False)
    async with reading() as db:
        assert (await db.execute(select(kept_counts.KeptCount.name))).first() is None, "they were counted in it"
        assert await members(db) == everybody_there - PEOPLE
        assert await shown_of_all(db) == shown - shown_to_them
        assert await invented.standing(db) == invented.PastStanding(PEOPLE, PEOPLE, is_counted=False, is_whole=True)
    await making.take_in(True)
    async with reading() as db:
        assert await members(db) == everybody_there
        assert await shown_of_all(db) == shown


async def members(db: Db) -> int:
    return sum(each.members for each in await overview.tiers_with_counts(db))


async def shown_of_all(db: Db) -> int:
    return int((await db.execute(select(func.sum(product_days.ProductDay.shown)))).scalar_one() or 0)


async def test_pages_say_how_many_are_invented_and_the_house_leaves_them_out(
    past: list[Invented], web: httpx2.AsyncClient
) -> None:
    assert "16 invented people came here" in (await web.get("/", headers=EN)).text
    async with visitor(settings().public_url, headers=EN) as browser:
        await browser.post("/dev/console/viewer")
        assert "16 invented people are counted." in (await browser.get("/console/tiers")).text
        for counted, said in (("no", "16 invented people are left out of every count."), ("yes", "are counted.")):
            assert (await browser.post("/dev/invented", data={"counted": counted})).status_code == 303
            assert said in (await browser.get("/console/tiers")).text


async def test_whoever_has_the_number_of_an_invented_person_stays_who_they_are(past: list[Invented]) -> None:
    async with rolled_back() as db:
        real = await users.find_or_register(db, UNUSED)
        assert not await invented.invent(db, NOBODYS, UNUSED)
        await db.flush()
        await db.refresh(real)
        assert not real.is_invented
        assert await db.get(User, NOBODYS) is None


async def test_a_house_that_serves_real_people_invents_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(settings()), "is_embedded", property(lambda self: False))
    async with reading() as db:
        before = await invented.standing(db)
        with pytest.raises(NotHere):
            await invented.begin(db, people=3, seed=1)
        with pytest.raises(NotHere):
            await invented.invent(db, NOBODYS, "+8613000019999")
        assert await invented.standing(db) == before
        assert await db.get(User, NOBODYS) is None


async def test_a_house_that_serves_real_people_counts_none_that_came_along(
    past: list[Invented], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as production:
        production.setattr(type(settings()), "is_embedded", property(lambda self: False))
        await wiring.seed()
    async with transaction() as db:
        assert (await db.get_one(InventedPast, 1)).is_counted is False
        await invented.count(db, is_counted=True)
