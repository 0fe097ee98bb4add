"""A change is rehearsed on frozen people: who gains, who loses, and nothing is written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select, update

from domain.actors import PartnerActor, Role, StaffActor
from domain.credit.grades import Grade
from domain.market.applicants import applicant_of, people_of
from domain.market.kinds import ProductKind
from domain.market.products import DecisionMode, Product
from domain.matching.reach import rehearsing
from domain.matching.reach.questions import PartnerQuestion
from domain.matching.reach.rehearsing import Rehearsal
from domain.matching.sweeps import snapshots
from domain.matching.sweeps.sweeps import Done, Sweep, SweepRange
from domain.runs import runs
from domain.runs.runs import RunState
from infra import clock, limiter
from infra.clock import begins
from infra.database import Db
from infra.errors import Refusal, RefusalCode
from infra.ids import new_id
from infra.money import Money
from infra.outbox import Event
from infra.setting_parts import Rate
from infra.settings import settings
from tests.api.people import Shop
from tests.domain.market import oracle
from tests.domain.matching import goods

STAFF = StaffActor(new_id(), Role.RISK)
DONE = Done(new_id(), datetime(2300, 1, 1, tzinfo=UTC))  # later than any other
PEOPLE = [applicant_of(sheet, goods.scored(grade=Grade.B)) for sheet in goods.sheets(150)]


@pytest.fixture
async def swept(db: Db) -> Done:
    """The last sweep, of 150 people in two batches."""
    sweep = Sweep(state=RunState.DONE, ended_at=DONE.ended_at)
    await runs.lay_out(db, sweep, SweepRange, 1)
    await snapshots.add(db, sweep.id, 0, PEOPLE[:100])
    await snapshots.add(db, sweep.id, 0, PEOPLE[100:])
    return Done(sweep.id, DONE.ended_at)


def first_reasons(product: Product) -> list[str]:
    """One person at a time."""
    return [oracle.applying(product, who) for who in PEOPLE]


def test_it_says_who_gains_and_who_loses() -> None:
    """Older people are let in, and people of other regions are left out."""
    before = goods.product(rules={"age_max": 25})
    after = goods.product(rules={"age_max": 60, "regions": ["CN-SH", "CN-BJ"]})
    then, now = first_reasons(before), first_reasons(after)
    pairs = [(a == "ELIGIBLE", b == "ELIGIBLE") for a, b in zip(then, now, strict=True)]
    found = rehearsing.compared(DONE, people_of(PEOPLE), before, after)
    assert found == Rehearsal(
        snapshot=DONE.id,
        as_of=DONE.ended_at,
        simulated=False,
        people=150,
        eligible_before=then.count("ELIGIBLE"),
        eligible_after=now.count("ELIGIBLE"),
        gained=pairs.count((False, True)),
        lost=pairs.count((True, False)),
        against={code: now.count(code) for code in set(now) - {"ELIGIBLE"}},
    )
    assert found.gained and found.lost
    assert [*found.against.values()] == sorted(found.against.values(), reverse=True)


def test_the_same_product_gains_and_loses_nobody() -> None:
    found = rehearsing.compared(DONE, people_of(PEOPLE), goods.product(), goods.product())
    assert (found.gained, found.lost, found.eligible_before) == (0, 0, found.eligible_after)


async def test_staff_rehearse_any_product_and_nothing_is_written(db: Db, shop: Shop, swept: Done) -> None:
    told = {"rules": {"age_min": 30}, "grade_at_least": None, "annual_rate": Decimal("0.18")}
    found = await rehearsing.of_id(db, STAFF, shop.product.id, told)
    after = goods.product(
        rules={"age_min": 30},
        term_months=[6, 12],
        annual_rate=Decimal("0.18"),
        amount_max=1_000_000,
        decision=DecisionMode.PARTNER,
    )
    assert found is not None
    assert (found.snapshot, found.as_of, found.people) == (swept.id, swept.ended_at, 150)
    assert found.eligible_after == first_reasons(after).count("ELIGIBLE")
    assert found.lost and found.gained == 0
    await db.flush()
    kept = await db.get_one(Product, shop.product.id, populate_existing=True)
    assert (kept.rules, kept.annual_rate, kept.version) == ({}, Decimal("0.12"), 1)
    assert not db.new and not db.dirty
    events = select(func.count()).where(Event.subject_id == shop.product.id)
    assert (await db.execute(events)).scalar_one() == 0


async def test_a_partner_rehearses_its_own_and_is_told_nothing_fine(db: Db, shop: Shop, swept: Done) -> None:
    actor = PartnerActor(shop.partner.id, "client")
    found = await rehearsing.of_sku(db, actor, "loan", {"rules": {"age_max": 18}})
    exact = await rehearsing.of_id(db, STAFF, shop.product.id, {"rules": {"age_max": 18}})
    assert exact is not None and exact.eligible_before and exact.lost
    after = goods.product(
        rules={"age_max": 18}, amount_max=1_000_000, term_months=[6, 12], decision=DecisionMode.PARTNER
    )
    before = goods.product(rules={}, amount_max=1_000_000, term_months=[6, 12], decision=DecisionMode.PARTNER)
    assert found == rehearsing.disclosed(
        swept, people_of(sorted(PEOPLE[:100], key=repr) + sorted(PEOPLE[100:], key=repr)), before, after
    )
    assert found.people == 150 and found.eligible_before and found.lost and found.gained is None
    assert abs(found.eligible_before - exact.eligible_before) <= 25 and abs(found.lost - exact.lost) <= 25
    assert all(people % 10 == 0 and people >= 20 for people in found.against.values())


@pytest.mark.parametrize("role", sorted({*Role} - {Role.RISK}))
async def test_whoever_sees_no_applications_is_told_as_a_partner_is(
    db: Db, shop: Shop, swept: Done, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    """Else anybody at the console would read to the cent what one person earns, by rules of their own."""
    monkeypatch.setattr(settings(), "partner_questions_a_day", 2)
    partner, staff = PartnerActor(shop.partner.id, "client"), StaffActor(new_id(), role)
    for told in ({"rules": {"age_max": 18}}, {"rules": {"income_at_least": Money(1_500_000, "CNY")}}):
        found = await rehearsing.of_id(db, staff, shop.product.id, told)
        assert found == await rehearsing.of_sku(db, partner, "loan", told)
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_id(db, staff, shop.product.id, {})
    assert refused.value.code == RefusalCode.LIMIT_EXCEEDED


async def test_a_partner_rehearses_what_it_does_not_offer_yet(db: Db, shop: Shop, swept: Done) -> None:
    told = {
        "kind": ProductKind.LOAN,
        "title": "Another loan",
        "amount_min": Money(100_000, "CNY"),
        "amount_max": Money(2_000_000, "CNY"),
        "term_months": [3, 6, 12],
        "annual_rate": Decimal("0.12"),
    }
    found = await rehearsing.of_sku(db, PartnerActor(shop.partner.id, "client"), "another", told)
    exact = first_reasons(goods.product(decision=DecisionMode.PARTNER)).count("ELIGIBLE")
    assert found.eligible_after is not None and abs(found.eligible_after - exact) <= 25
    assert (found.eligible_before, found.gained, found.lost) == (None, found.eligible_after, None)
    written = select(func.count()).where(Product.partner_id == shop.partner.id)
    assert (await db.execute(written)).scalar_one() == 1


async def test_what_could_not_be_offered_cannot_be_rehearsed(db: Db, shop: Shop, swept: Done) -> None:
    actor = PartnerActor(shop.partner.id, "client")
    for sku, told in (("loan", {"rules": {"age_max": 17}}), ("new", {}), ("no sku", {})):
        with pytest.raises(Refusal) as refused:
            await rehearsing.of_sku(db, actor, sku, told)
        assert refused.value.code == RefusalCode.INVALID
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_sku(db, actor, "loan", {"annual_rate": Decimal("0.30")})
    assert refused.value.code == RefusalCode.COST_ABOVE_CAP


async def test_another_partners_product_is_not_there(db: Db, shop: Shop, swept: Done) -> None:
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_sku(db, PartnerActor(new_id(), "client"), "loan", {"rules": {}})
    assert refused.value.field == ("input", "kind"), "it is a new product, so all is missing"
    assert await rehearsing.of_id(db, STAFF, new_id(), {}) is None


async def test_before_the_first_sweep_there_is_nothing_to_rehearse_on(db: Db, shop: Shop) -> None:
    await db.execute(delete(Sweep))
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_id(db, STAFF, shop.product.id, {})
    assert refused.value.code == RefusalCode.NOT_OPEN


async def test_too_many_at_once_are_refused(db: Db, shop: Shop, swept: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "PER_ACTOR", Rate(times=1, seconds=60))
    actor = StaffActor(new_id(), Role.RISK)
    await rehearsing.of_id(db, actor, shop.product.id, {})
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_id(db, actor, shop.product.id, {})
    assert refused.value.code == RefusalCode.RATE_LIMITED and refused.value.retry_at is not None
    await rehearsing.of_id(db, StaffActor(new_id(), Role.RISK), shop.product.id, {})


async def test_they_are_counted_where_valkey_does_not_answer(
    db: Db, shop: Shop, swept: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise AssertionError("nothing of this is asked of Valkey")

    monkeypatch.setattr(limiter, "_limiter", away)
    monkeypatch.setattr(rehearsing, "PER_ACTOR", Rate(times=3, seconds=60))
    actor = StaffActor(new_id(), Role.RISK)
    for _ in range(3):
        await rehearsing.of_id(db, actor, shop.product.id, {})
    with pytest.raises(Refusal) as refused:
        await rehearsing.of_id(db, actor, shop.product.id, {})
    assert refused.value.code == RefusalCode.RATE_LIMITED


class TestTheDaysQuestions:
    @pytest.fixture
    def actor(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> PartnerActor:
        monkeypatch.setattr(settings(), "partner_questions_a_day", 2)
        return PartnerActor(shop.partner.id, "client")

    async def ask(self, db: Db, actor: PartnerActor, age_max: int, **more: object) -> Rehearsal:
        return await rehearsing.of_sku(db, actor, "loan", {"rules": {"age_max": age_max}, **more})

    async def test_are_counted_once_each(self, db: Db, actor: PartnerActor, swept: Done) -> None:
        first = await self.ask(db, actor, 30)
        await self.ask(db, actor, 40)
        with pytest.raises(Refusal) as refused:
            async with db.begin_nested():
                await self.ask(db, actor, 50)
        assert refused.value.code == RefusalCode.LIMIT_EXCEEDED
        assert refused.value.retry_at == begins(await clock.today(db) + timedelta(days=1))
        assert await self.ask(db, actor, 30, title="The same by another name") == first
        kept = select(func.count()).where(PartnerQuestion.partner_id == actor.partner_id)
        assert (await db.execute(kept)).scalar_one() == 2, "what was refused left nothing behind"

    async def test_are_forgotten_on_the_next(self, db: Db, actor: PartnerActor, swept: Done) -> None:
        for age in (30, 40):
            await self.ask(db, actor, age)
        yesterday = await clock.today(db) - timedelta(days=1)
        await db.execute(update(PartnerQuestion).values(day=yesterday))
        await self.ask(db, actor, 50)
        kept = select(PartnerQuestion.day).where(PartnerQuestion.partner_id == actor.partner_id)
        assert (await db.execute(kept)).scalars().all() == [yesterday + timedelta(days=1)]

    async def test_are_not_staffs(self, db: Db, actor: PartnerActor, shop: Shop, swept: Done) -> None:
        for age in (30, 40, 50):
            assert await rehearsing.of_id(db, STAFF, shop.product.id, {"rules": {"age_max": age}})
