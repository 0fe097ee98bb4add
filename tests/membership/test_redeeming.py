"""A use of a benefit: exactly as many as there are, given back where it was not used, and confirmed by a partner once."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.actors import PartnerActor, UserActor
from domain.ledger import accounts
from domain.ledger.kinds import AccountKind
from domain.people.users import User, UserStatus
from infra import clock
from infra.database import reading, transaction
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from membership import grants, joining, redeeming, redemptions
from membership.benefits import Benefit, BenefitStatus
from membership.redemptions import Redemption, RedemptionStatus
from tests.api import people
from tests.membership.living import scored
from tests.membership.test_quotas import of_code
from tests.working import work_off


async def now() -> datetime:
    async with reading() as db:
        return await clock.now(db)


async def member() -> UserActor:
    async with transaction() as db:
        user = await people.somebody(db)
        await joining.join(db, user.id)
    return UserActor(user.id, new_id())


def partner() -> PartnerActor:
    return PartnerActor(new_id(), "client")


async def benefit_id(code: str) -> UUID:
    async with reading() as db:
        return (await of_code(db, code)).id


async def redeem(actor: UserActor, code: str, key: str = "") -> Redemption:
    wanted = await benefit_id(code)
    async with transaction() as db:
        return await redeeming.redeem(db, actor, benefit_id=wanted, key=key or str(uuid4()))


async def cancel(actor: UserActor, issued: Redemption) -> Redemption:
    async with transaction() as db:
        return await redeeming.cancel(db, actor, issued.id)


async def confirm(actor: PartnerActor, voucher: str, **how: Any) -> Redemption:
    async with transaction() as db:
        given = {"reference": None, "key": str(uuid4()), **how}
        return await redeeming.confirm(db, actor, voucher=voucher, **given)


async def left(actor: UserActor, code: str) -> int | None:
    async with reading() as db:
        held = (await grants.held_by(db, {actor.user_id}))[actor.user_id]
    return next(each.remaining for each in held if each.benefit.code == code)


async def refusal(awaited: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await awaited
    return refused.value


async def test_a_voucher_takes_one_of_the_quota_and_gives_it_back() -> None:
    person = await member()
    issued = await redeem(person, "city-ride")
    assert await left(person, "city-ride") == 1
    assert issued.expires_at == issued.issued_at + timedelta(days=30)
    for _ in range(2):
        assert (await cancel(person, issued)).status is RedemptionStatus.CANCELLED
    assert await left(person, "city-ride") == 2


async def test_the_same_wish_sent_again_is_the_same_voucher() -> None:
    person = await member()
    once, again = [await redeem(person, "city-ride", key="one-ride-sent-twice") for _ in range(2)]
    assert (once.id, once.voucher, await left(person, "city-ride")) == (again.id, again.voucher, 1)


async def test_of_a_hundred_at_once_as_many_get_one_as_there_are() -> None:
    person = await member()
    answers = await asyncio.gather(*(redeem(person, "city-ride") for _ in range(100)), return_exceptions=True)
    counted = Counter(each.code if isinstance(each, Refusal) else type(each).__name__ for each in answers)
    assert counted == {"Redemption": 2, RefusalCode.QUOTA_SPENT: 98}
    spent = await refusal(redeem(person, "city-ride"))
    assert spent.retry_at is not None and spent.retry_at > await now()
    async with reading() as db:
        mine = await db.execute(select(Redemption.id).where(Redemption.user_id == person.user_id))
        assert len(mine.all()) == 2


async def test_of_what_one_may_use_as_often_as_one_likes_nobody_keeps_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redemptions, "OPEN_MAX", 3)
    person = await member()
    await scored(person.user_id, 650, await now())
    answers = await asyncio.gather(*(redeem(person, "member-prices") for _ in range(10)), return_exceptions=True)
    issued = [each for each in answers if isinstance(each, Redemption)]
    assert len(issued) == 3
    full = await refusal(redeem(person, "member-prices"))
    assert (full.code, full.retry_at) == (RefusalCode.QUOTA_SPENT, min(each.expires_at for each in issued))
    await cancel(person, issued[0])
    await confirm(partner(), issued[1].voucher)
    for _ in range(2):
        await redeem(person, "member-prices")
    assert (await refusal(redeem(person, "member-prices"))).code is RefusalCode.QUOTA_SPENT


async def test_what_is_not_held_cannot_be_used() -> None:
    assert (await refusal(redeem(await member(), "lounge-more"))).code is RefusalCode.NOT_ELIGIBLE


async def test_whoever_is_leaving_takes_nothing_on_the_way() -> None:
    person = await member()
    async with transaction() as db:
        (await db.get_one(User, person.user_id)).status = UserStatus.RESTRICTED
    assert (await refusal(redeem(person, "city-ride"))).code is RefusalCode.NOT_ALLOWED
    assert await left(person, "city-ride") == 2


async def test_a_partner_confirms_a_voucher_once_and_then_it_costs() -> None:
    person, shop = await member(), partner()
    issued = await redeem(person, "city-ride")
    shown = issued.voucher.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for _ in range(2):
        used = await confirm(shop, shown, reference="ride 7", key="one-confirmation")
        assert (used.id, used.status, used.reference) == (issued.id, RedemptionStatus.USED, "ride 7")
    assert (await refusal(confirm(shop, issued.voucher))).code is RefusalCode.NOT_OPEN
    assert (await refusal(cancel(person, issued))).code is RefusalCode.NOT_OPEN
    async with reading() as db:
        balances = await accounts.balances_of(db, person.user_id, issued.id)
    assert balances.by_kind == {AccountKind.BENEFITS: 500, AccountKind.BENEFITS_OWED: 500}
    assert await left(person, "city-ride") == 1


async def test_of_many_confirmations_at_once_one_counts() -> None:
    person = await member()
    issued = await redeem(person, "city-ride")
    answers = await asyncio.gather(*(confirm(partner(), issued.voucher) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, Redemption) for each in answers) == 1
    async with reading() as db:
        assert (await accounts.balances_of(db, person.user_id, issued.id))[AccountKind.BENEFITS] == 500


async def test_nobody_elses_voucher_is_anything_to_a_partner() -> None:
    person, shop = await member(), partner()
    issued = await redeem(person, "city-ride")
    async with transaction() as db:
        (await db.get_one(Benefit, issued.benefit_id)).partner_id = shop.partner_id
    try:
        assert (await refusal(confirm(partner(), issued.voucher))).code is RefusalCode.NOT_FOUND
        assert (await refusal(confirm(shop, "0000-0000-0000-0000"))).code is RefusalCode.NOT_FOUND
        assert (await confirm(shop, issued.voucher)).partner_id == shop.partner_id
    finally:
        async with transaction() as db:
            (await db.get_one(Benefit, issued.benefit_id)).partner_id = None


async def test_one_that_nobody_used_in_time_counts_no_more() -> None:
    person = await member()
    issued = await redeem(person, "city-ride")
    async with transaction() as db:
        late = await db.get_one(Redemption, (person.user_id, issued.id))
        late.expires_at = await clock.now(db)
    assert (await refusal(confirm(partner(), issued.voucher))).code is RefusalCode.NOT_OPEN
    async with transaction() as db:
        await redeeming.expire(db, person.user_id, issued.id)
    assert await left(person, "city-ride") == 2


async def test_a_benefit_that_retires_is_honoured_until_the_period_is_over() -> None:
    person = await member()
    wanted = await benefit_id("cinema-ticket")
    async with transaction() as db:
        retiring = await db.get_one(Benefit, wanted)
        retiring.status, retiring.retiring_at = BenefitStatus.RETIRING, await clock.now(db)
        retiring.retires_at = retiring.retiring_at + timedelta(days=60)
    try:
        assert (await redeem(person, "cinema-ticket")).status is RedemptionStatus.ISSUED
        async with transaction() as db:
            clock.freeze(db, await clock.now(db) + timedelta(days=32))
            over = redeeming.redeem(db, person, benefit_id=wanted, key=str(uuid4()))
            assert (await refusal(over)).code is RefusalCode.NOT_ELIGIBLE
    finally:
        async with transaction() as db:
            kept = await db.get_one(Benefit, wanted)
            kept.status, kept.retiring_at, kept.retires_at = BenefitStatus.LIVE, None, None


async def test_nothing_is_redeemed_of_a_benefit_at_the_second_at_which_it_has_retired() -> None:
    person = await member()
    wanted, retires_at = await benefit_id("welcome-voucher"), await now() + timedelta(days=1)
    async with transaction() as db:
        retiring = await db.get_one(Benefit, wanted)
        retiring.status, retiring.retiring_at, retiring.retires_at = BenefitStatus.RETIRING, await now(), retires_at
    try:
        for seconds, is_kept in ((-1, True), (0, False)):
            async with transaction() as db:
                clock.freeze(db, retires_at + timedelta(seconds=seconds))
                held = (await grants.held_by(db, {person.user_id}))[person.user_id]
                key = (person.user_id, wanted)
                assert (await grants.uses_of(db, {key}))[key].remaining == int(is_kept)
                assert (wanted in {each.benefit.id for each in held}) is is_kept
        async with transaction() as db:
            clock.freeze(db, retires_at)
            late = redeeming.redeem(db, person, benefit_id=wanted, key=str(uuid4()))
            assert (await refusal(late)).code is RefusalCode.NOT_ELIGIBLE
    finally:
        async with transaction() as db:
            kept = await db.get_one(Benefit, wanted)
            kept.status, kept.retiring_at, kept.retires_at = BenefitStatus.LIVE, None, None


async def test_a_use_earns_a_point_and_is_told() -> None:
    person = await member()
    issued = await redeem(person, "city-ride")
    await confirm(partner(), issued.voucher)
    done = await work_off(issued.id)
    assert {"evaluate_after_activity", "tell_of_benefit"} <= set(done)
