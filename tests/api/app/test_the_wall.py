"""The wall: joining, buying and moving up change no fact, no feature and no decision."""

from typing import Any

from sqlalchemy import update

from domain.actors import UserActor
from domain.credit import scoring
from domain.credit.scoring import Scored
from domain.facts import readings
from infra.database import reading, transaction
from infra.ids import new_id
from infra.money import Money
from membership import grants
from membership.benefits import tier_source
from membership.members import Member
from membership.plans import buying
from membership.plans.subscriptions import PlanStatus
from tests.applying import AT_ONCE, apply
from tests.phones import Phone, new_key

MATCHES = "{ viewer { matches(first: 100) { nodes { id oddsBand monthlyCost { amount } } } } }"
DECIDED = "query ($id: ID!) { node(id: $id) { ... on Application { status decision { outcome reasons { code } } } } }"


async def known_of(person: Phone) -> tuple[Any, dict[str, Any], int]:
    """What the house knows of the person, the features of it, and the points."""
    async with reading() as db:
        sheet = await readings.sheet(db, person.user_id)
    scored = scoring.scorer().score(sheet)
    assert isinstance(scored, Scored)
    return dict(sheet.values), dict(scored.vector), scored.points


async def decision_of(person: Phone) -> Any:
    """What is decided at once of an application, which is withdrawn then."""
    asked = await apply(person, AT_ONCE, "500.00", termMonths=3)
    decided = (await person.ask(DECIDED, id=asked["id"]))["node"]
    await person.do("WithdrawApplication", applicationId=asked["id"])
    return decided


async def matches_of(person: Phone) -> dict[str, Any]:
    nodes = (await person.ask(MATCHES))["viewer"]["matches"]["nodes"]
    return {each["id"]: (each["oddsBand"], each["monthlyCost"]["amount"]) for each in nodes}


async def become_all_that_marketing_has(person: Phone) -> None:
    actor = UserActor(person.user_id, new_id())
    bought = await buying.join(actor, code="vip-year", price=Money(12_800, "CNY"), address="", key=new_key())
    assert bought.status is PlanStatus.ACTIVE
    async with transaction() as db:
        await db.execute(update(Member).where(Member.user_id == person.user_id).values(tier_code="BLACK"))
        await grants.hold(db, [(person.user_id, tier_source("BLACK"))])


async def test_neither_facts_nor_features_nor_points_change(shopper: Phone) -> None:
    before = await known_of(shopper)
    await become_all_that_marketing_has(shopper)
    await shopper.settle()
    assert await known_of(shopper) == before


async def test_nobody_who_bought_and_moved_up_is_matched_or_decided_upon_otherwise(shopper: Phone) -> None:
    matched, decided = await matches_of(shopper), await decision_of(shopper)
    assert matched and decided["decision"]["outcome"] == "APPROVE"
    await become_all_that_marketing_has(shopper)
    await shopper.settle()
    assert await matches_of(shopper) == matched
    assert await decision_of(shopper) == decided
