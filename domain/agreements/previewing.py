"""Previewing: what a change would cost, before anybody decides on it. Nothing is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, drawing, replanning
from domain.agreements.easing_terms import HardshipWish, acts_of, refuse_impossible
from domain.agreements.standings import AgreementStanding, standing_of
from domain.agreements.statements import Values, in_words
from domain.money.cap import MONTH_DAYS, flow
from domain.money.loans import Act, LoanEvent, PlannedRow
from domain.money.rates import Discounted, rate_of_return
from infra.database import Db
from infra.errors import RefusalCode
from infra.money import Money
from infra.words import N_, Locale

WITHOUT_FEE = N_(
    "You would get {paid}. {count} {count:instalment is|instalments are} still open; the next is {due}, on {on}."
)
LESS_FEE = N_(
    "You would get {paid}, after a fee of {fee}. {count} {count:instalment is|instalments are} still open; the next is {due}, on {on}."
)
DEARER = N_(
    "{count} {count:instalment is|instalments are} still open; the next would be {due}, on {on}, the last on {until}. "
    "You would pay {more} more than now."
)
NOT_DEARER = N_(
    "{count} {count:instalment is|instalments are} still open; the next would be {due}, on {on}, the last on {until}. "
    "You would pay no more than now."
)


@dataclass(frozen=True)
class Preview:
    """`total_cost` is all that the person pays over the whole life, `annual_cost` what that is a year."""

    standing: AgreementStanding
    rows: Sequence[PlannedRow]
    total_cost: int
    annual_cost: Decimal
    sentence: str
    values: Values

    def words(self, locale: Locale) -> str:
        """The same in a sentence."""
        return in_words(self.sentence, self.values, locale)


async def preview_draw(db: Db, actor: UserActor, agreement_id: UUID, amount: Money) -> Preview:
    """What drawing this now would make of the schedule, if it was paid out today. Refuses what drawing would of the agreement."""
    standing = await _standing(db, actor, agreement_id)
    drawing.refuse_undrawable(standing, amount)
    if amount.minor > standing.drawable:
        raise drawing.beyond_limit(RefusalCode.LIMIT_EXCEEDED, standing)
    withheld = drawing.share_of_fee(standing, amount.minor)
    event = LoanEvent(Act.ADVANCE, standing.on, amount.minor, withheld=withheld, ref="preview")
    currency = standing.agreement.currency
    values: Values = {"paid": Money(amount.minor - withheld, currency), "fee": Money(withheld, currency)}
    return _preview(standing, [event], LESS_FEE if withheld else WITHOUT_FEE, values)


async def preview_due_day(db: Db, actor: UserActor, agreement_id: UUID, day: int) -> Preview:
    """What another due day would make of it. Refuses what changing it would."""
    standing = await _standing(db, actor, agreement_id)
    return preview_replanning(standing, [replanning.due_day_event(standing, day)])


async def preview_hardship(db: Db, actor: UserActor, agreement_id: UUID, wish: HardshipWish) -> Preview:
    """What would be charged if it were made lighter. Refuses what asking for it would, but for another that is open."""
    standing = await _standing(db, actor, agreement_id)
    refuse_impossible(standing, wish)
    return preview_replanning(standing, acts_of(standing, wish))


def preview_replanning(standing: AgreementStanding, events: Sequence[LoanEvent]) -> Preview:
    """What is still to come, planned anew."""
    more = _charged(standing.with_more(*events).rows) - _charged(standing.life.rows)
    values: Values = {"more": Money(max(0, more), standing.agreement.currency)}
    return _preview(standing, events, DEARER if more > 0 else NOT_DEARER, values)


async def _standing(db: Db, actor: UserActor, agreement_id: UUID) -> AgreementStanding:
    agreement = (await agreements.by_ids(db, {(actor.user_id, agreement_id)})).get((actor.user_id, agreement_id))
    if agreement is None:
        raise agreements.no_such_agreement()
    return await standing_of(db, agreement)


def _preview(standing: AgreementStanding, events: Sequence[LoanEvent], sentence: str, values: Values) -> Preview:
    rows, currency = standing.with_more(*events).rows, standing.agreement.currency
    coming = [row for row in rows if row.outstanding]
    about: Values = {
        "count": len(coming),
        "due": Money(coming[0].outstanding, currency),
        "on": coming[0].due_on,
        "until": coming[-1].due_on,
    }
    return Preview(
        standing=standing,
        rows=rows,
        total_cost=_charged(rows) + standing.withheld + sum(each.withheld for each in events),
        annual_cost=_annual_cost(standing, events, rows),
        sentence=sentence,
        values={**about, **values},
    )


def _charged(rows: Iterable[PlannedRow]) -> int:
    return sum(row.due.total for row in rows)


def _annual_cost(standing: AgreementStanding, more: Sequence[LoanEvent], rows: Sequence[PlannedRow]) -> Decimal:
    """Twelve times the monthly rate of return of all that was paid and got, and is planned."""
    events = [*standing.events, *more]
    start, today = events[0].on, standing.on
    flows = []
    for each in events:
        match each.act:
            case Act.ADVANCE:
                flows.append(flow(each.withheld - each.amount, start, each.on))
            case Act.PAYMENT:
                flows.append(flow(each.amount, start, each.on))
            case Act.REFUND:
                flows.append(flow(-each.amount, start, each.on))
    flows += [flow(row.outstanding, start, max(today, row.due_on)) for row in rows if row.outstanding]
    discounted = [
        Discounted(Fraction(each.minor), Fraction(each.months), Fraction(each.days, MONTH_DAYS)) for each in flows
    ]
    rate = rate_of_return(discounted)
    yearly = max(Decimal(0), 12 * rate) if rate is not None else Decimal(0)
    return yearly.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
