"""Who sees which invitation, held against a model of it that knows no tables: random batches, newcomers, answers and days."""

import asyncio
import os
import random
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from domain.actors import PartnerActor, UserActor
from domain.invitations import accepting, batches, handing_out, invitation_words, invitations, inviting
from domain.invitations.batches import InvitedPhone
from domain.invitations.invitations import Invitation
from domain.notices.kinds import StillWanted
from domain.people import phones, users
from domain.permissions import Scope
from domain.privacy import erasing
from infra.database import reading, transaction
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from tests import patience
from tests.api.offering import close
from tests.api.people import Shop, open_shop
from tests.clocks import Clock
from tests.phones import new_key, new_number
from tests.working import work_off

LIVES = int(os.environ.get("LONGAN_LIVES", "4"))
STEPS = 24
Key = tuple[str, int]  # a number, and which of the shops


class Model:
    """What each number's owner can answer, by shop: the most, until when; and whoever was told."""

    def __init__(self) -> None:
        self.here: set[str] = set()
        self.sent: list[tuple[int, frozenset[str], int, datetime]] = []
        self.open: dict[Key, tuple[int, datetime]] = {}
        self.declined: dict[Key, datetime] = {}
        self.told: Counter[str] = Counter()

    def invite(self, shop: int, numbers: frozenset[str], most: int, until: datetime, now: datetime) -> None:
        self.sent.append((shop, numbers, most, until))
        for number in numbers & self.here:
            self._give((number, shop), most, until, now)

    def arrive(self, number: str, now: datetime) -> None:
        self.here.add(number)
        for shop in {shop for shop, *_ in self.sent}:
            lasting = [batch for batch in self.sent if batch[0] == shop and number in batch[1] and batch[3] > now]
            if lasting:
                self._give((number, shop), *lasting[-1][2:], now)

    def decline(self, key: Key) -> None:
        self.declined[key] = self.open.pop(key)[1]

    def shown(self, now: datetime) -> dict[Key, int]:
        return {key: most for key, (most, until) in self.open.items() if until > now}

    def _give(self, key: Key, most: int, until: datetime, now: datetime) -> None:
        if self.declined.get(key, now) > now:
            return
        if key not in self.shown(now):
            self.told[key[0]] += 1
        self.open[key] = (most, until)


def partner_of(shop: Shop) -> PartnerActor:
    return PartnerActor(shop.partner.id, "a client", frozenset({Scope.INVITATIONS}))


async def invite(shop: Shop, numbers: frozenset[str], most: int, until: datetime) -> None:
    batch_id = await send(shop, numbers, most, until)
    await work_off(batch_id)
    await hand_out(batch_id)  # again, as a worker that was killed would


async def send(shop: Shop, numbers: frozenset[str], most: int, until: datetime) -> UUID:
    found = await inviting.read_phones(sorted(numbers))
    async with transaction() as db:
        batch = await inviting.invite(
            db,
            partner_of(shop),
            product_id=shop.product.id,
            numbers=found,
            most=Money(most, "CNY"),
            expires_at=until,
            key=new_key(),
        )
    assert batch.received == len(numbers)
    return batch.id


async def hand_out(batch_id: UUID) -> None:
    async with transaction() as db:
        await handing_out.hand_out(db, batch_id)


async def register(number: str) -> UUID:
    async with transaction() as db:
        user = await users.register(db, number)
    await work_off(user.id)
    return user.id


async def shown(people: dict[str, UUID], shops: list[Shop]) -> dict[Key, int]:
    async with reading() as db:
        found = await invitations.of_users(db, set(people.values()))
    places = {shop.product.id: place for place, shop in enumerate(shops)}
    return {
        (number, places[each.product_id]): each.max_amount
        for number, user_id in people.items()
        for each in found[user_id]
    }


async def told(people: dict[str, UUID]) -> Counter[str]:
    async with reading() as db:
        events = select(Event.user_id).where(Event.name == invitations.RECEIVED, Event.user_id.in_(people.values()))
        owners = Counter((await db.execute(events)).scalars())
    return Counter({number: owners[user_id] for number, user_id in people.items() if owners[user_id]})


@pytest.mark.parametrize("life", range(LIVES))
async def test_everybody_sees_what_the_model_says(house: None, clock: Clock, life: int) -> None:
    draw, model = random.Random(life), Model()
    numbers, shops = [new_number() for _ in range(5)], [await open_shop(f"loan-{place}") for place in range(2)]
    people: dict[str, UUID] = {}
    for _ in range(STEPS):
        now = await clock.now()
        step = draw.choice(["invite", "invite", "arrive", "decline", "wait"])
        if step == "invite":
            place, most = draw.randrange(2), draw.randrange(1_000, 10_000) * 100
            named = frozenset(draw.sample(numbers, draw.randint(1, 5)))
            until = now + timedelta(days=draw.randint(1, 9))
            await invite(shops[place], named, most, until)
            model.invite(place, named, most, until, now)
        elif step == "arrive" and (strangers := sorted({*numbers} - people.keys())):
            number = draw.choice(strangers)
            people[number] = await register(number)
            model.arrive(number, now)
        elif step == "decline" and (seen := sorted(model.shown(now))):
            number, place = draw.choice(seen)
            await decline(people[number], shops[place])
            model.decline((number, place))
        elif step == "wait":
            await clock.forward(days=draw.choice([0.5, 2, 5]))
        assert await shown(people, shops) == model.shown(await clock.now())
        assert await told(people) == model.told
    for shop in shops:
        await close(shop)


async def decline(user_id: UUID, shop: Shop) -> None:
    async with transaction() as db:
        mine = (await invitations.of_users(db, {user_id}))[user_id]
        (its,) = [each for each in mine if each.product_id == shop.product.id]
        actor = UserActor(user_id, new_id())
        await accepting.decline(db, actor, its.id)
        await accepting.decline(db, actor, its.id)  # once more is once


async def wait_for(handing: asyncio.Task[None]) -> None:
    """Until somebody hands out behind whoever came first, or has handed out already."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%invitation%'"

    async def is_so() -> bool:
        async with reading() as db:
            return handing.done() or (await db.execute(text(waits))).scalar_one() > 0

    await patience.until(is_so)


async def test_a_no_that_is_said_just_then_is_heard(house: None, clock: Clock) -> None:
    shop, number = await open_shop(), new_number()
    user_id, until = await register(number), await clock.now() + timedelta(days=3)
    await invite(shop, frozenset({number}), 200_000, until)
    newer = await send(shop, frozenset({number}), 300_000, until)
    async with transaction() as db:
        (its,) = (await invitations.of_users(db, {user_id}))[user_id]
        await accepting.decline(db, UserActor(user_id, new_id()), its.id)
        handing = asyncio.create_task(hand_out(newer))
        await wait_for(handing)
    await handing
    assert await shown({number: user_id}, [shop]) == {}
    await close(shop)


async def test_of_two_that_are_handed_out_at_once_the_newer_is_open(house: None, clock: Clock) -> None:
    shop, number = await open_shop(), new_number()
    user_id, until = await register(number), await clock.now() + timedelta(days=3)
    older, newer = [await send(shop, frozenset({number}), most, until) for most in (200_000, 300_000)]
    async with transaction() as db:
        await handing_out.hand_out(db, older)
        handing = asyncio.create_task(hand_out(newer))
        await wait_for(handing)
    await handing
    async with reading() as db:
        seen = (await invitations.of_users(db, {user_id}))[user_id]
    assert [each.max_amount for each in seen] == [300_000]
    await close(shop)


async def test_nobody_is_sent_word_of_what_is_not_offered_any_more(house: None, clock: Clock) -> None:
    shop, number = await open_shop(), new_number()
    user_id = await register(number)
    await invite(shop, frozenset({number}), 200_000, await clock.now() + timedelta(days=3))
    async with reading() as db:
        (its,) = (await invitations.of_users(db, {user_id}))[user_id]
        assert await invitation_words.is_still_wanted(db, its.id) is StillWanted.YES
    await close(shop)
    async with reading() as db:
        assert await invitation_words.is_still_wanted(db, its.id) is StillWanted.NO


async def test_whoever_leaves_takes_their_number_out_of_every_batch(house: None, clock: Clock) -> None:
    shop, number = await open_shop(), new_number()
    user_id = await register(number)
    await invite(shop, frozenset({number, new_number()}), 200_000, await clock.now() + timedelta(days=3))
    async with transaction() as db:
        await erasing.erase(db, user_id)
    async with reading() as db:
        left = select(batches.InvitedPhone.id).where(InvitedPhone.phone_index == phones.index(number))
        assert (await db.execute(left)).all() == []
        assert (await db.execute(select(Invitation).where(Invitation.user_id == user_id))).all() == []
    await close(shop)
