"""Previewing: what a change would cost, before anybody decides on it. Nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from uuid import UUID

from domain.actors import UserActor
from domain.agreements import agreements, drawing
from domain.agreements.acts import ActKind
from domain.agreements.standings import AgreementStanding, standing_of
from domain.agreements.statements import Values, written
from domain.money.cap import MONTH_DAYS, flow
from domain.money.loans import Act, LoanEvent, PlannedRow
from domain.money.rates import Discounted, rate_of_return
from infra.database import Db
from infra.errors import RefusalCode
from infra.money import Money
from infra.words import N_, Locale, say

WITHOUT_FEE = N_("You would get {paid}. {count} instalments are still open; the next is {due}, on {on}.")
LESS_FEE = N_(
    "You would get {paid}, after a fee of {fee}. {count} instalments are still open; the next is {due}, on {on}."
)


@dataclass(frozen=True)
class PreviewedDraw:
    """`total_cost` is all that the person pays over the whole life, `annual_cost` what that is a year."""

    standing: AgreementStanding
    rows: Sequence[PlannedRow]
    amount: int
    withheld: int
    total_cost: int
    annual_cost: Decimal


async def preview_draw(db: Db, actor: UserActor, agreement_id: UUID, amount: Money) -> PreviewedDraw:
    """What drawing this now would make of the schedule, if it was paid out today. Refuses what drawing would of the agreement."""
    agreement = (await agreements.by_ids(db, {(actor.user_id, agreement_id)})).get((actor.user_id, agreement_id))
    if agreement is None:
        raise agreements.no_such_agreement()
    standing = await standing_of(db, agreement)
    drawing.refuse_undrawable(standing, amount)
    if amount.minor > standing.drawable:
        raise drawing.beyond_limit(RefusalCode.LIMIT_EXCEEDED, standing)
    withheld = drawing.share_of_fee(standing, amount.minor)
    event = LoanEvent(Act.ADVANCE, standing.on, amount.minor, withheld=withheld, ref="preview")
    rows = standing.with_another(event).rows
    return PreviewedDraw(
        standing=standing,
        rows=rows,
        amount=amount.minor,
        withheld=withheld,
        total_cost=sum(row.due.total for row in rows) + standing.withheld + withheld,
        annual_cost=_annual_cost(standing, event, rows),
    )


def _annual_cost(standing: AgreementStanding, drawn: LoanEvent, rows: Sequence[PlannedRow]) -> Decimal:
    """Twelve times the monthly rate of return of all that was paid and got, and is planned."""
    start = standing.acts[0].on if standing.acts else drawn.on
    flows = [flow(drawn.withheld - drawn.amount, start, drawn.on)]
    for act in standing.acts:
        match act.kind:
            case ActKind.ADVANCE:
                flows.append(flow(act.withheld - act.amount, start, act.on))
            case ActKind.PAYMENT:
                flows.append(flow(act.amount, start, act.on))
            case ActKind.REFUND:
                flows.append(flow(-act.amount, start, act.on))
    flows += [flow(row.outstanding, start, max(drawn.on, row.due_on)) for row in rows if row.outstanding]
    discounted = [
        Discounted(Fraction(each.minor), Fraction(each.months), Fraction(each.days, MONTH_DAYS)) for each in flows
    ]
    rate = rate_of_return(discounted)
    yearly = max(Decimal(0), 12 * rate) if rate is not None else Decimal(0)
    return yearly.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def words(draw: PreviewedDraw, locale: Locale) -> str:
    """The same in a sentence."""
    currency, coming = draw.standing.agreement.currency, [row for row in draw.rows if row.outstanding]
    values: Values = {
        "paid": Money(draw.amount - draw.withheld, currency),
        "fee": Money(draw.withheld, currency),
        "count": len(coming),
        "due": Money(coming[0].outstanding, currency),
        "on": coming[0].due_on,
    }
    sentence = LESS_FEE if draw.withheld else WITHOUT_FEE
    return say(sentence, locale, **{name: written(value, locale) for name, value in values.items()})
