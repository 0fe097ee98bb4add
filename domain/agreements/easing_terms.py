"""What can be asked for in a bad month: how much at once, and what an agreement would then do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.agreements import replanning
from domain.agreements.hardships import OPEN, Hardship, HardshipKind, HardshipStatus
from domain.agreements.standings import AgreementStanding
from domain.money.due_dates import months_later
from domain.money.loans import Act, Amortisation, LoanEvent
from infra.errors import Refusal, RefusalCode, invalid
from infra.words import N_

AGREEMENT, MONTHS, FROM = ("input", "agreementId"), ("input", "months"), ("input", "from")
MONTHS_MAX = 12
AT_ONCE: Mapping[HardshipKind, int] = {HardshipKind.PAUSE: 3, HardshipKind.LOWER: 6}  # months of a kind within a year
BACK = timedelta(days=62)  # so long before the request it may have begun, to be granted at once
YEAR = timedelta(days=365)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class HardshipWish:
    """`from_on` is the day on which it began; None: today."""

    kind: HardshipKind
    months: int
    from_on: date | None = None


def refuse_impossible(standing: AgreementStanding, wish: HardshipWish, earlier: Sequence[Hardship] = ()) -> None:
    """Refuses NOT_OPEN what has nothing to come or one asked for already, and INVALID other days or months than there are."""
    if any(each.status in OPEN for each in earlier):
        sentence = N_("You have asked for this already. Please wait until it is answered, or over.")
        raise Refusal(RefusalCode.NOT_OPEN, sentence, field=AGREEMENT)
    replanning.refuse_unplanned(standing)
    if wish.kind is HardshipKind.LOWER and standing.agreement.amortisation is not Amortisation.EQUAL:
        raise Refusal(RefusalCode.NOT_OPEN, N_("These instalments cannot be lowered, only put off."), field=AGREEMENT)
    if not any(row.due_on >= _begins(standing, wish) for row in standing.life.rows):
        raise Refusal(RefusalCode.NOT_OPEN, N_("The last instalment is due already."), field=AGREEMENT)
    if not 1 <= wish.months <= MONTHS_MAX:
        raise invalid(N_("Ask for 1 to {most} months."), MONTHS, most=MONTHS_MAX)
    first = min(act.on for act in standing.acts) + DAY
    if wish.from_on is not None and not first <= wish.from_on <= standing.on:
        raise invalid(N_("It began between {first} and today."), FROM, first=first.isoformat())


def is_within_limits(standing: AgreementStanding, wish: HardshipWish, earlier: Sequence[Hardship]) -> bool:
    """Whether it is granted at once: not too long with what was granted within a year, and not too long ago."""
    counted = [
        each.months
        for each in earlier
        if each.kind is wish.kind and each.status is HardshipStatus.ENDED and each.from_on > standing.on - YEAR
    ]
    is_recent = _begins(standing, wish) >= standing.on - BACK
    return is_recent and sum(counted) + wish.months <= AT_ONCE[wish.kind]


def acts_of(standing: AgreementStanding, wish: HardshipWish) -> list[LoanEvent]:
    """What would happen to the agreement."""
    begins = _begins(standing, wish)
    until = months_later(wish.from_on or standing.on, wish.months) - DAY
    if wish.kind is HardshipKind.LOWER:
        return [LoanEvent(Act.LOWERING, begins, until=until, number=wish.months, ref="preview")]
    return [LoanEvent(Act.DEFERRAL, begins, until=until, number=_put_off(standing, begins, until, wish.months))]


def _begins(standing: AgreementStanding, wish: HardshipWish) -> date:
    """A pause takes in what is late already: nothing of it is due before the end."""
    from_on = wish.from_on or standing.on
    row = standing.life.next_due
    is_late = wish.kind is HardshipKind.PAUSE and row is not None and row.due_on < from_on
    return row.due_on if row is not None and is_late else from_on


def _put_off(standing: AgreementStanding, begins: date, until: date, months: int) -> int:
    """So many months later all is due that is to come, that nothing of it is due up to that day."""
    coming = next(row.due_on for row in standing.life.rows if row.due_on >= begins)
    while months_later(coming, months) <= until:
        months += 1
    return months
