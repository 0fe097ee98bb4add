"""Campaigns speak through the gate: never at night, never above a person's limits, and asked again when a message really leaves."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.actors import StaffActor, UserActor
from domain.notices import devices, outcomes, preferences, sending
from domain.notices.classes import NoticeChannel, NoticeClass
from domain.notices.deliveries import Delivery, SendStatus
from domain.notices.devices import DevicePlatform
from domain.notices.preferences import ContactChoice
from domain.people import sessions
from infra import clock as clocks
from infra.database import reading, transaction
from membership.campaigns import scheduling
from membership.campaigns.campaigns import Campaign
from tests.clocks import Clock
from tests.membership.campaigns.audience import Crowd, crowd_of
from tests.membership.campaigns.drafts import do
from tests.membership.campaigns.running import begun, tell_everybody

HOUR = timedelta(hours=1)


@pytest.fixture
async def crowd(clock: Clock) -> Crowd:
    """One person, who wants to be rung for advertisements, at three in the morning."""
    crowd = await crowd_of(1)
    (person,) = crowd.people
    now = (await clock.now()).astimezone(clocks.zone())
    await clock.stand_at((now + timedelta(days=1)).replace(hour=3, minute=0, second=0))
    async with transaction() as db:
        actor = UserActor(person, (await sessions.begin(db, person, "a phone")).id)
        await devices.register(db, actor, DevicePlatform.APNS, f"phone-of-{person.hex}", "en")
        wishes = [ContactChoice(NoticeClass.MARKETING, NoticeChannel.PUSH, True)]
        await preferences.change(db, actor, wishes=wishes)
    return crowd


async def deliveries(crowd: Crowd) -> list[Delivery]:
    async with reading() as db:
        mine = select(Delivery).where(Delivery.user_id == crowd.people[0]).order_by(Delivery.id)
        return list((await db.execute(mine)).scalars())


async def leave(crowd: Crowd, delivery: Delivery) -> datetime | None:
    """When it left, by the clock on the wall; None where it did not."""
    async with transaction() as db:
        leaving = await sending.take(db, crowd.people[0], delivery.id, lambda *_: True)
        if leaving is not None:
            await outcomes.was_sent(db, crowd.people[0], delivery.id)
    return leaving.at.astimezone(clocks.zone()) if leaving else None


async def tell(author: StaffActor, approver: StaffActor, crowd: Crowd) -> Campaign:
    campaign = await begun(author, approver, crowd, holdout_percent=0)
    await tell_everybody(campaign)
    return campaign


async def test_four_campaigns_of_one_night_ring_twice_a_day_by_day(
    author: StaffActor, approver: StaffActor, crowd: Crowd, clock: Clock
) -> None:
    for _ in range(4):
        await tell(author, approver, crowd)
    waiting = await deliveries(crowd)
    assert [each.due_at.astimezone(clocks.zone()).hour for each in waiting] == [9] * 4
    rung = []
    for _ in range(48):
        rung += [at for each in waiting if (at := await leave(crowd, each)) is not None]
        await clock.forward(hours=1)
    assert len(rung) == 4
    assert all(9 <= at.hour < 20 for at in rung)
    for at in rung:
        assert sum(at - timedelta(days=1) < other <= at for other in rung) <= 2


async def test_what_waits_to_leave_waits_while_its_campaign_is_paused_and_is_dropped_when_it_ends(
    author: StaffActor, approver: StaffActor, crowd: Crowd, clock: Clock
) -> None:
    campaign, other = [await tell(author, approver, crowd) for _ in range(2)]
    held, kept = await deliveries(crowd)
    for each in (campaign, other):
        await do(scheduling.pause, author, each)
    await clock.forward(hours=7)
    assert await leave(crowd, held) is None and await leave(crowd, kept) is None
    assert [each.status for each in await deliveries(crowd)] == [SendStatus.WAITING] * 2
    await do(scheduling.end, author, campaign)
    await do(scheduling.resume, author, other)
    await clock.forward(hours=1)
    assert await leave(crowd, held) is None and await leave(crowd, kept) is not None
    assert [(each.status, each.why) for each in await deliveries(crowd)] == [
        (SendStatus.DROPPED, ["WITHDRAWN"]),
        (SendStatus.SENT, None),
    ]


async def test_whoever_changes_their_mind_before_it_leaves_is_not_rung(
    author: StaffActor, approver: StaffActor, crowd: Crowd, clock: Clock
) -> None:
    await tell(author, approver, crowd)
    (waiting,) = await deliveries(crowd)
    async with transaction() as db:
        wishes = [ContactChoice(NoticeClass.MARKETING, NoticeChannel.PUSH, False)]
        await preferences.change(db, UserActor(crowd.people[0], crowd.plan_id), wishes=wishes)
    await clock.forward(hours=7)
    assert await leave(crowd, waiting) is None
    (dropped,) = await deliveries(crowd)
    assert (dropped.status, dropped.why) == (SendStatus.DROPPED, ["NOT_ALLOWED", "PREFERENCE: house"])
