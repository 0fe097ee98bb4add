"""What may be said to a person of each feature that counts against him: specific, true, and in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.credit.reasons import Reason
from infra.words import N_
from ml.features import Value

REASONS_MAX = 4
# Three points either way are noise to a person; a reason must matter.
HARM_MIN = 0.05  # log-odds


@dataclass(frozen=True)
class Sentence:
    """Said only where it is true: while the value is above `above` and below `below`."""

    code: str
    message: str
    above: float = float("-inf")
    below: float = float("inf")
    shown_times: float = 1.0

    def is_true_of(self, value: float) -> bool:
        return self.above < value < self.below


SENTENCES = {
    "account.real_name": Sentence("NAME_UNCHECKED", N_("No linked account has checked your real name."), below=1),
    "account.age_months": Sentence(
        "YOUNG_ACCOUNT", N_("Your oldest linked account is only {value} months old."), below=120
    ),
    "social.address_stability_months": Sentence(
        "MOVED_RECENTLY", N_("You have been at your present address for {value} months."), below=60
    ),
    "repayment.delay_months": Sentence("BEHIND_NOW", N_("You are {value} months behind on repayments now."), above=0),
    "repayment.on_time_24m": Sentence(
        "FEW_REPAYMENTS", N_("Only {value} instalments are known to have been paid on time in two years."), below=24
    ),
    "repayment.late_24m": Sentence("PAID_LATE", N_("{value} instalments were paid late in two years."), above=0),
    "repayment.worst_delay_days": Sentence(
        "LONG_DELAY", N_("Your longest delay in two years was {value} days."), above=0
    ),
    "repayment.bills_on_time_rate": Sentence(
        "BILLS_LATE", N_("Only {value} % of your utility bills were paid on time."), below=0.995, shown_times=100
    ),
    "repayment.bill_months": Sentence("SHORT_BILLS", N_("Only {value} months of utility bills are known."), below=24),
    "credit.limit": Sentence("LOW_LIMIT", N_("Your credit limit elsewhere is {value} CNY."), below=50_000),
    "credit.burden": Sentence(
        "HIGH_DEBT", N_("Your debt is {value} % of a year's income."), above=0.02, shown_times=100
    ),
    "credit.utilisation": Sentence(
        "LIMIT_USED", N_("{value} % of your credit limit elsewhere is in use."), above=0.05, shown_times=100
    ),
    "credit.open_loans": Sentence("MANY_LOANS", N_("You have {value} open loans elsewhere."), above=0),
    "credit.applications_90d": Sentence(
        "MANY_APPLICATIONS", N_("You applied for {value} loans in the last 90 days."), above=0
    ),
    "income.monthly_inflow": Sentence("LOW_INCOME", N_("About {value} CNY comes in each month."), below=20_000),
    "income.stability": Sentence("UNSTEADY_INCOME", N_("What comes in varies much from month to month."), below=0.9),
    "income.buffer_days": Sentence("THIN_SAVINGS", N_("Your savings would last {value} days."), below=120),
    "shopping.spend_share": Sentence(
        "HIGH_SPENDING", N_("You spend {value} % of what comes in on shopping."), above=0.1, shown_times=100
    ),
    "shopping.return_rate": Sentence(
        "MANY_RETURNS", N_("You send back {value} % of what you order."), above=0.05, shown_times=100
    ),
    "shopping.spend_variation": Sentence("UNEVEN_SPENDING", N_("Your spending goes up and down a lot."), above=0.25),
}

LITTLE_KNOWN = Reason("LITTLE_KNOWN", N_("Nothing in particular counts against you; little is known of you yet."))


def principal(names: Sequence[str], values: Sequence[Value], harms: Sequence[float]) -> tuple[Reason, ...]:
    """One to four, the most harmful first. `harms` are log-odds of default more than an approved person's."""
    told: dict[str, Reason] = {}
    for harm, name, value in sorted(zip(harms, names, values, strict=True), key=lambda row: (-row[0], row[1])):
        if harm < HARM_MIN or len(told) == REASONS_MAX:
            break
        reason = _reason(name, value)
        if reason is not None:
            told.setdefault(reason.code, reason)
    return tuple(told.values()) or (LITTLE_KNOWN,)


def _reason(name: str, value: Value) -> Reason | None:
    """What is not known is no reason against anybody."""
    sentence = SENTENCES.get(name)
    if sentence is None or value is None or isinstance(value, str) or not sentence.is_true_of(value):
        return None
    return Reason(sentence.code, sentence.message, {"value": round(value * sentence.shown_times)})
