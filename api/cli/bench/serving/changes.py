"""What changes between two reads of Home."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from uuid import UUID

from sqlalchemy import case, literal, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert

from api.cli.bench.serving import crowds
from domain.credit import assessing
from domain.facts.accounts import IN_FORCE_SQL, LinkedAccount, LinkStatus
from infra import clock
from infra.database import Db, transaction
from infra.ids import new_id
from membership import quotas
from membership.benefits import Benefit
from membership.grants import Grant
from membership.members import Member
from membership.quotas import BenefitUsage

ANOTHER_APP = "weibo"  # no simulated person's facts come from it
_incomes = count(1)


async def beside_the_ranking(people: Sequence[UUID]) -> None:
    """Half of them use a benefit, the others' link to another app breaks or is mended: neither sways what is ranked."""
    async with transaction() as db:
        await _use_a_benefit(db, people[::2])
        await _touch_a_link(db, people[1::2])


async def _use_a_benefit(db: Db, people: Sequence[UUID]) -> None:
    now = await clock.now(db)
    held = (
        select(Grant.user_id, Grant.benefit_id, quotas.period_column(literal(now), Member.joined_at), 1)
        .join(Member, Member.user_id == Grant.user_id)
        .join(Benefit, Benefit.id == Grant.benefit_id)
        .where(Grant.user_id.in_(people), Benefit.quota.is_not(None))
        .order_by(Grant.user_id, Grant.benefit_id)
        .ext(distinct_on(Grant.user_id))
    )
    used = insert(BenefitUsage).from_select(["user_id", "benefit_id", "period", "used"], held)
    key = [BenefitUsage.user_id, BenefitUsage.benefit_id, BenefitUsage.period]
    await db.execute(used.on_conflict_do_update(index_elements=key, set_={"used": BenefitUsage.used + 1}))


async def _touch_a_link(db: Db, people: Sequence[UUID]) -> None:
    now = await clock.now(db)
    rows = [
        {"user_id": each, "id": new_id(), "subject_index": new_id().bytes, "linked_at": now, "scopes": []}
        for each in people
    ]
    if not rows:
        return
    linked = insert(LinkedAccount).values(
        [row | {"provider": ANOTHER_APP, "status": LinkStatus.ACTIVE} for row in rows]
    )
    other = case((LinkedAccount.status == LinkStatus.ACTIVE, LinkStatus.BROKEN), else_=LinkStatus.ACTIVE)
    await db.execute(
        linked.on_conflict_do_update(
            index_elements=[LinkedAccount.user_id, LinkedAccount.provider],
            index_where=text(IN_FORCE_SQL),
            set_={"status": other},
        )
    )


async def scored_anew(people: Sequence[UUID]) -> None:
    """Each tells another income and is scored, and the reactions to it are done, as they are before an app asks."""
    income = crowds.INCOME + Decimal(next(_incomes) * 10)
    for each in people:
        async with transaction() as db:
            await crowds.tell(db, each, income)
            await assessing.assess(db, each)
    await crowds.work_off(people)
