"""What membership came to in a span of days: every day and every figure exact, and nobody counted who came later."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.actors import PartnerActor, UserActor
from domain.people import users
from infra.database import reading, transaction
from infra.errors import Refusal
from infra.ids import new_id
from infra.money import Money
from membership import evaluating, figures, joining, redeeming, using
from membership.figures import DayFigures, MembershipFigures, Span
from tests.membership.living import give_score, newcomer, on, scored
from tests.membership.test_quotas import of_code
from tests.phones import new_number

FIRST = datetime(2033, 3, 1, 4, tzinfo=UTC)  # no other test lives so late
SPAN = Span(date(2033, 3, 1), date(2033, 3, 3))
DAY = timedelta(days=1)
CINEMA = 2_800
BY_DAYS = [(date(2033, 3, 2), date(2033, 3, 2)), (date(2033, 3, 2), None), (date(2033, 3, 3), SPAN.last)]


async def figures_of(span: Span = SPAN, at: datetime = FIRST + 30 * DAY) -> MembershipFigures:
    async with on(at) as db:
        return await figures.figures_of(db, span)


async def use(actor: UserActor, code: str, at: datetime) -> None:
    async with on(at) as db:
        wanted = (await of_code(db, code)).id
        issued = await redeeming.redeem(db, actor, benefit_id=wanted, key=str(uuid4()))
        shop = PartnerActor(new_id(), "client")
        await redeeming.confirm(db, shop, voucher=issued.voucher, reference=None, key=str(uuid4()))


async def with_a_number() -> UUID:
    """Somebody who joined first, and can use what they hold."""
    async with transaction() as db:
        user = await users.register(db, new_number())
    async with on(FIRST) as db:
        await joining.join(db, user.id)
    return user.id


async def test_each_day_and_the_whole_are_exact() -> None:
    before = await figures_of()
    midnight = datetime(2033, 3, 2, 16, tzinfo=UTC)  # the third of March in Shanghai
    people = [await with_a_number(), await newcomer(FIRST + DAY), await newcomer(midnight)]
    await newcomer(FIRST + 3 * DAY)
    await scored(people[0], 700, FIRST + DAY)
    await scored(people[1], 650, FIRST + 3 * DAY)
    await use(UserActor(people[0], new_id()), "cinema-ticket", FIRST + DAY)
    after = await figures_of()
    assert list(after.days) == [
        DayFigures(SPAN.first, joined=before.days[0].joined + 1),
        DayFigures(date(2033, 3, 2), joined=before.days[1].joined + 1, redemptions=1, cost=CINEMA),
        DayFigures(SPAN.last, joined=before.days[2].joined + 1),
    ]
    assert (after.joined - before.joined, after.redemptions, after.benefit_cost) == (3, 1, Money(CINEMA, "CNY"))
    grown = {each.tier.code: each.members - old.members for each, old in zip(after.tiers, before.tiers, strict=True)}
    assert grown == {"LITE": 2, "SILVER": 0, "GOLD": 1, "PLATINUM": 0, "BLACK": 0}
    changed = {each.tier.code: each.change - old.change for each, old in zip(after.tiers, before.tiers, strict=True)}
    assert changed == grown
    assert after.members - before.members == 3
    async with on(FIRST + 30 * DAY) as db:
        on_days = [(await using.uses(db, first, last))[0] for first, last in BY_DAYS]
        benefit_id = (await of_code(db, "cinema-ticket")).id
    assert on_days == [{benefit_id: (1, CINEMA)}, {benefit_id: (1, CINEMA)}, {}]


async def test_the_funnel_tells_how_far_those_came_who_registered_in_the_span() -> None:
    first, last = SPAN.first + timedelta(days=40), SPAN.last + timedelta(days=40)
    async with on(FIRST + 40 * DAY) as db:
        known = await users.register(db, f"+86138{uuid4().int % 10**8:08}")
        await users.register(db, f"+86138{uuid4().int % 10**8:08}")
        await joining.join(db, known.id)
        await give_score(db, known.id, 700)
        await evaluating.evaluate(db, known.id)
    async with on(FIRST + 43 * DAY) as db:
        await users.register(db, f"+86138{uuid4().int % 10**8:08}")
    funnel = {each.name: each.people for each in (await figures_of(Span(first, last), FIRST + 60 * DAY)).funnel}
    assert funnel == {"registered": 2, "linked": 0, "scored": 1, "applied": 0, "approved": 0, "accepted": 0}


async def test_a_span_is_the_last_days_or_ones_own() -> None:
    async with on(FIRST) as db:
        assert await figures.span_of(db, days=3) == Span(date(2033, 2, 27), date(2033, 3, 1))
        own = await figures.span_of(db, first=date(2033, 1, 1), last=date(2033, 1, 1))
        assert own.days == [date(2033, 1, 1)]


@pytest.mark.parametrize(
    ("days", "first", "last"),
    [
        (0, None, None),
        (1_101, None, None),
        (2**31 - 1, None, None),
        (-(2**31), None, None),
        (1, date(2033, 1, 2), date(2033, 1, 1)),
        (1, None, date.max),
        (1, None, date.min),
        (1, date.min, date.min),
    ],
)
async def test_what_is_no_span_is_refused(days: int, first: date | None, last: date | None) -> None:
    async with reading() as db:
        with pytest.raises(Refusal):
            await figures.span_of(db, days=days, first=first, last=last)
