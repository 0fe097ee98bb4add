"""What may be said to a person of each feature that counts against them: specific, true, and in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from domain.credit.reasons import Reason
from infra.words import N_
from ml.models.artefact import Artefact
from ml.models.features import Value

REASONS_MAX = 4
# Three points either way are noise to a person; a reason must matter.
HARM_MIN = 0.05  # log-odds


@dataclass(frozen=True)
class ReasonSentence:
    """Said only where it is true: while the value is above `above` and below `below`."""

    code: str
    message: str
    above: float = float("-inf")
    below: float = float("inf")
    shown_times: float = 1.0

    def is_true_of(self, value: float) -> bool:
        return self.above < value < self.below


SENTENCES = {
    "account.real_name": ReasonSentence("NAME_UNCHECKED", N_("No linked account has checked your real name."), below=1),
    "account.age_months": ReasonSentence(
        "YOUNG_ACCOUNT", N_("Your oldest linked account is new. Months since it was opened: {value}."), below=48
    ),
    "social.address_stability_months": ReasonSentence(
        "MOVED_RECENTLY", N_("You moved not long ago. Months at your present address: {value}."), below=24
    ),
    "repayment.delay_months": ReasonSentence(
        "BEHIND_NOW", N_("You are behind on repayments now. Months: {value}."), above=0
    ),
    "repayment.on_time_24m": ReasonSentence(
        "FEW_REPAYMENTS",
        N_("Few repayments of yours are known. Instalments paid on time in two years: {value}."),
        below=12,
    ),
    "repayment.late_24m": ReasonSentence(
        "PAID_LATE", N_("You paid late. Late instalments in two years: {value}."), above=0
    ),
    "repayment.worst_delay_days": ReasonSentence(
        "LONG_DELAY", N_("You were behind for a long time. Days of the longest delay in two years: {value}."), above=0
    ),
    "repayment.bills_on_time_rate": ReasonSentence(
        "BILLS_LATE", N_("Only {value} % of your utility bills were paid on time."), below=0.97, shown_times=100
    ),
    "repayment.bill_months": ReasonSentence(
        "SHORT_BILLS", N_("Few utility bills of yours are known. Months: {value}."), below=12
    ),
    "credit.limit": ReasonSentence("LOW_LIMIT", N_("Your credit limit elsewhere is {value} CNY."), below=10_000),
    "credit.burden": ReasonSentence(
        "HIGH_DEBT", N_("Your debt is {value} % of a year's income."), above=0.15, shown_times=100
    ),
    "credit.utilisation": ReasonSentence(
        "LIMIT_USED", N_("{value} % of your credit limit elsewhere is in use."), above=0.3, shown_times=100
    ),
    "credit.open_loans": ReasonSentence("MANY_LOANS", N_("You have {value} open loans elsewhere."), above=1),
    "credit.applications_90d": ReasonSentence(
        "MANY_APPLICATIONS", N_("You applied for {value} loans in the last 90 days."), above=1
    ),
    "income.monthly_inflow": ReasonSentence("LOW_INCOME", N_("About {value} CNY comes in each month."), below=8_000),
    "income.stability": ReasonSentence(
        "UNSTEADY_INCOME", N_("What comes in varies much from month to month."), below=0.8
    ),
    "income.buffer_days": ReasonSentence(
        "THIN_SAVINGS", N_("Your savings are thin. Days that they would last: {value}."), below=45
    ),
    "shopping.spend_share": ReasonSentence(
        "HIGH_SPENDING", N_("You spend {value} % of what comes in on shopping."), above=0.2, shown_times=100
    ),
    "shopping.return_rate": ReasonSentence(
        "MANY_RETURNS", N_("You send back {value} % of what you order."), above=0.1, shown_times=100
    ),
    "shopping.spend_variation": ReasonSentence(
        "UNEVEN_SPENDING", N_("Your spending goes up and down a lot."), above=0.4
    ),
}


def against(artefact: Artefact, effects: Sequence[float]) -> list[float]:
    """How much each input counts against a person, compared with those who were approved."""
    usual = artefact.reference or (0.0,) * len(effects)
    return [effect - approved for effect, approved in zip(effects, usual, strict=True)]


def by_feature(artefact: Artefact, row: Sequence[Value], harms: Sequence[float]) -> dict[str, tuple[float, Value]]:
    """The harm and the value behind each feature; the flag of a missing value belongs to its feature."""
    told: dict[str, tuple[float, Value]] = {}
    for each, name, value, harm in zip(artefact.inputs, artefact.facts, row, harms, strict=True):
        before, known = told.get(name, (0.0, None))
        told[name] = (before + harm, known if each.fact is None else value)
    return told


def principal(
    features: Mapping[str, tuple[float, Value]], others: Sequence[tuple[float, Reason]] = ()
) -> tuple[Reason, ...]:
    """At most four reasons, the most harmful first. Harms are log-odds of default more than an approved person's."""
    weighty: list[tuple[float, str, Value | Reason]] = [
        (-harm, name, value) for name, (harm, value) in features.items() if harm >= HARM_MIN
    ]
    weighty += [(-harm, reason.code, reason) for harm, reason in others if harm >= HARM_MIN]
    told: dict[str, Reason] = {}
    for _, name, behind in sorted(weighty, key=itemgetter(0, 1)):
        if len(told) == REASONS_MAX:
            break
        reason = behind if isinstance(behind, Reason) else _reason(name, behind)
        if reason is not None:
            told.setdefault(reason.code, reason)
    return tuple(told.values())


def _reason(name: str, value: Value) -> Reason | None:
    """What is not known is no reason against anybody."""
    sentence = SENTENCES.get(name)
    if sentence is None or value is None or isinstance(value, str) or not sentence.is_true_of(value):
        return None
    return Reason(sentence.code, sentence.message, {"value": round(value * sentence.shown_times)})
