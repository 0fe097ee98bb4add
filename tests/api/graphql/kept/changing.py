"""Whatever may change of what a person sees, by whoever changes it: at random, and the same for the same seed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from domain.actors import UserActor
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.market import catalogue
from domain.market.products import Product, ProductStatus
from domain.matching.matcher import OddsBand, matcher
from domain.matching.odds.bands import BandRecord
from domain.matching.odds.reliability import BandStanding
from domain.matching.product_days import ProductDay
from domain.notices import notices, preferences, words
from domain.notices.telling import notify
from domain.people.partners import Partner
from infra import clock
from infra.database import Db, transaction
from infra.ids import new_id
from membership import rules
from membership.activity import Activity
from membership.benefits import Benefit, BenefitStatus
from membership.grants import Grant
from membership.quotas import BenefitUsage
from membership.rules import RulesStatus, TierRule, TierRules
from membership.tiers import Tier
from tests.applying import AT_ONCE, apply
from tests.phones import Phone

LOAN = catalogue.product_id("longan-demo-bank", "ldb-everyday")
Change = Callable[[Phone, Random], Awaitable[Any]]


def written(change: Callable[[Db, UUID, Random], Awaitable[Any]]) -> Change:
    """A change that somebody makes past all doors."""

    async def write(person: Phone, lot: Random) -> None:
        async with transaction() as db:
            await change(db, person.user_id, lot)

    return write


async def tell(person: Phone, lot: Random) -> None:
    await person.tell(
        region=lot.choice(["CN-SH", "CN-XZ", "CN-BJ"]),
        occupation=lot.choice(["employee", "student", "nurse"]),
        birthDate=lot.choice(["2000-02-03", "1988-11-29", "2009-01-01"]),
    )


async def link(person: Phone, lot: Random) -> None:
    await person.link(lot.choice(["weibo", "jd", "douyin", "qq"]))


async def unlink(person: Phone, lot: Random) -> None:
    linked = (await person.send("Home"))["linkedAccounts"]
    if len(linked) > 1:
        await person.do("UnlinkAccount", linkedAccountId=lot.choice(linked)["id"])


async def settle(person: Phone, lot: Random) -> None:
    await person.settle()


async def prefer(person: Phone, lot: Random) -> None:
    personal = lot.choice(["true", "false"])
    await person.ask(f"mutation {{ setMatchPreference(input: {{isPersonal: {personal}}}) {{ __typename }} }}")


async def borrow(person: Phone, lot: Random) -> None:
    await apply(person, AT_ONCE, f"{lot.randrange(5, 30)}00.00")


@written
async def observe(db: Db, user_id: UUID, lot: Random) -> None:
    moment = await clock.now(db) + timedelta(days=lot.choice([-400, -3, -1, 0, 2]), hours=lot.randrange(24))
    income = Observed("income.monthly_inflow", Decimal(lot.randrange(2_000, 30_000)), moment)
    await readings.record(db, user_id, "wechat", [income], simulated=True)


@written
async def withdraw_later(db: Db, user_id: UUID, lot: Random) -> None:
    at = await clock.now(db) + timedelta(hours=lot.randrange(1, 72))
    await db.execute(
        text("UPDATE readings SET withdrawn_at = :at WHERE user_id = :id AND source = 'wechat'"),
        {"at": at, "id": user_id},
    )


@written
async def edit_product(db: Db, user_id: UUID, lot: Random) -> None:
    values: dict[str, Any] = lot.choice(
        [
            {"title": f"Loan {lot.random()}"},
            {"annual_rate": Decimal(lot.randrange(80, 150)) / 1000},
            {"status": lot.choice([ProductStatus.RETIRED, ProductStatus.PUBLISHED])},
        ]
    )
    await db.execute(update(Product).where(Product.id == LOAN).values(**values))


@written
async def rename_partner(db: Db, user_id: UUID, lot: Random) -> None:
    await db.execute(update(Partner).where(Partner.code == "longan-demo-bank").values(name=f"Bank {lot.random()}"))


@written
async def rename_tier(db: Db, user_id: UUID, lot: Random) -> None:
    await db.execute(update(Tier).where(Tier.code == lot.choice(["LITE", "GOLD"])).values(name=f"T{lot.random()}"))


@written
async def publish_rules(db: Db, user_id: UUID, lot: Random) -> None:
    before, now = await rules.live(db), await clock.now(db)
    before.status = RulesStatus.SUPERSEDED
    await db.flush()
    asked = {rule.tier_code: rule.points_at_least for rule in before.rules}
    asked[lot.choice(["SILVER", "GOLD", "PLATINUM"])] = lot.randrange(500, 800)
    version = TierRules(
        id=new_id(),
        version=before.version + 1,
        status=RulesStatus.LIVE,
        note="A test's.",
        created_at=now,
        effective_at=now,
        rules=[
            TierRule(tier_code=code, points_at_least=points, activity_at_least=0, grace_days=0)
            for code, points in asked.items()
        ],
    )
    db.add(version)


@written
async def change_benefit(db: Db, user_id: UUID, lot: Random) -> None:
    code = lot.choice(["city-ride", "cinema-ticket", "late-checkout"])
    ends = await clock.now(db) + timedelta(days=lot.choice([-1, 1, 20]))
    values: dict[str, Any] = lot.choice(
        [
            {"quota": lot.randrange(1, 9)},
            {"status": BenefitStatus.RETIRING, "retires_at": ends},
            {"status": BenefitStatus.LIVE, "retires_at": None, "name": f"B{lot.random()}"},
        ]
    )
    await db.execute(update(Benefit).where(Benefit.code == code).values(**values))


@written
async def use_benefit(db: Db, user_id: UUID, lot: Random) -> None:
    benefit = (await db.execute(select(Benefit.id).where(Benefit.code == "city-ride"))).scalar_one()
    period = f"{clock.local_day(await clock.now(db)):%Y-%m}"
    row = insert(BenefitUsage).values(user_id=user_id, benefit_id=benefit, period=period, used=1)
    again = row.on_conflict_do_update(
        index_elements=["user_id", "benefit_id", "period"], set_={"used": BenefitUsage.used + 1}
    )
    await db.execute(again)


@written
async def grant(db: Db, user_id: UUID, lot: Random) -> None:
    if lot.random() < 0.5:
        await db.execute(delete(Grant).where(Grant.user_id == user_id, Grant.source == "plan:test"))
        return
    benefit = (await db.execute(select(Benefit.id).order_by(func.random()).limit(1))).scalar_one()
    row = insert(Grant).values(user_id=user_id, benefit_id=benefit, source="plan:test", granted_at=await clock.now(db))
    await db.execute(row.on_conflict_do_nothing())


@written
async def be_active(db: Db, user_id: UUID, lot: Random) -> None:
    at = await clock.now(db) - timedelta(days=lot.choice([0, 100, 364]), hours=lot.randrange(23))
    db.add(Activity(user_id=user_id, event_id=new_id(), event="application.accepted", occurred_at=at))


@written
async def judge_band(db: Db, user_id: UUID, lot: Random) -> None:
    now = await clock.now(db)
    values = {"approved": 1, "decided": 50, "since": now, "until": now, "changed_at": now}
    standing = lot.choice(list(BandStanding))
    key = {"model_version": matcher().model_version, "odds_band": lot.choice(list(OddsBand))}
    row = insert(BandRecord).values(**key, **values, standing=standing)
    await db.execute(row.on_conflict_do_update(index_elements=list(key), set_={"standing": standing}))


@written
async def count_products(db: Db, user_id: UUID, lot: Random) -> None:
    day = clock.local_day(await clock.now(db)) - timedelta(days=1)
    ids = (await db.execute(select(Product.id).order_by(Product.id).offset(lot.randrange(20)).limit(3))).scalars()
    for id in ids:
        row = insert(ProductDay).values(product_id=id, day=day, shown=1_000_000)
        await db.execute(row.on_conflict_do_nothing())


@written
async def hear_and_read(db: Db, user_id: UUID, lot: Random) -> None:
    if lot.random() < 0.6:
        await notify(db, user_id, words.DEVICE_SIGNED_IN, new_id(), device=f"phone {lot.randrange(9)}")
    else:
        await notices.read_until(db, UserActor(user_id, new_id()), await clock.now(db))


@written
async def sleep_otherwise(db: Db, user_id: UUID, lot: Random) -> None:
    zone = lot.choice(["Asia/Shanghai", "Europe/London"])
    await preferences.change(db, UserActor(user_id, new_id()), quiet_from=f"2{lot.randrange(4)}:00", time_zone=zone)


@written
async def wait(db: Db, user_id: UUID, lot: Random) -> None:
    by = lot.choice([timedelta(minutes=lot.randrange(5)), timedelta(hours=lot.randrange(30)), timedelta(days=20)])
    await clock.advance(db, by)


CHANGES: tuple[Change, ...] = (
    tell,
    link,
    unlink,
    settle,
    settle,
    prefer,
    borrow,
    observe,
    withdraw_later,
    edit_product,
    rename_partner,
    rename_tier,
    publish_rules,
    change_benefit,
    use_benefit,
    grant,
    be_active,
    judge_band,
    count_products,
    hear_and_read,
    sleep_otherwise,
    wait,
    wait,
)
