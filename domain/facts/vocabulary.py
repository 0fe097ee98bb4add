"""What may be known of a person: every fact's name, type, unit, range and group."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from infra.words import N_

# What speaks against somebody is forgotten then, however it is told on: Regulation on Credit Reporting of China, article 16.
ADVERSE_LASTS = timedelta(days=5 * 365)


class FactType(StrEnum):
    NUMBER = "number"
    MONEY = "money"  # CNY as a decimal number of yuan
    FLAG = "flag"
    TEXT = "text"
    DATE = "date"


class FactGroup(StrEnum):
    """The five groups in which a person reads their factors."""

    IDENTITY = "identity"
    REPAYMENT = "repayment"
    ABILITY = "ability"
    BEHAVIOUR = "behaviour"
    RELATIONSHIPS = "relationships"


GROUP_LABELS = {
    FactGroup.IDENTITY: N_("Identity"),
    FactGroup.REPAYMENT: N_("Repayment history"),
    FactGroup.ABILITY: N_("Ability to pay"),
    FactGroup.BEHAVIOUR: N_("Behaviour"),
    FactGroup.RELATIONSHIPS: N_("Relationships"),
}


@dataclass(frozen=True)
class FactKind:
    """One word of the vocabulary. `low` and `high` bound what is believable, in `unit`; text is one of `choices`, if given."""

    name: str
    type: FactType
    group: FactGroup
    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    lasts_days: int | None = None  # how long an observation stays true; None: until another replaces it


def _number(name: str, group: FactGroup, label: str, unit: str, low: float, high: float, days: int = 180) -> FactKind:
    return FactKind(name, FactType.NUMBER, group, label, unit=unit, low=low, high=high, lasts_days=days)


def _money(name: str, group: FactGroup, label: str, high: float, days: int = 180) -> FactKind:
    return FactKind(name, FactType.MONEY, group, label, unit="CNY", low=0, high=high, lasts_days=days)


OCCUPATION_LABELS = {
    "student": N_("Student"),
    "employee": N_("Employee"),
    "self-employed": N_("Self-employed"),
    "gig-worker": N_("Gig worker"),
    "homemaker": N_("Homemaker"),
    "unemployed": N_("Unemployed"),
}
OCCUPATIONS = tuple(OCCUPATION_LABELS)

_KINDS = (
    FactKind("profile.birth_date", FactType.DATE, FactGroup.IDENTITY, N_("Birth date")),
    FactKind("identity.checked", FactType.FLAG, FactGroup.IDENTITY, N_("Identity checked")),
    FactKind("profile.region", FactType.TEXT, FactGroup.IDENTITY, N_("Region")),
    FactKind("profile.occupation", FactType.TEXT, FactGroup.ABILITY, N_("Occupation")),
    _money("profile.monthly_income", FactGroup.ABILITY, N_("Declared monthly income"), 10_000_000, days=365),
    FactKind(
        "account.real_name", FactType.FLAG, FactGroup.IDENTITY, N_("Account with a checked real name"), lasts_days=365
    ),
    _number("account.age_months", FactGroup.IDENTITY, N_("Age of your oldest linked account"), "months", 0, 400, 365),
    _number("repayment.delay_months", FactGroup.REPAYMENT, N_("Months behind on repayments now"), "months", -2, 12),
    _number(
        "repayment.on_time_24m", FactGroup.REPAYMENT, N_("Instalments paid on time in two years"), "instalments", 0, 500
    ),
    _number("repayment.late_24m", FactGroup.REPAYMENT, N_("Instalments paid late in two years"), "instalments", 0, 500),
    _number("repayment.worst_delay_days", FactGroup.REPAYMENT, N_("Longest delay in two years"), "days", 0, 730),
    _number(
        "repayment.bills_on_time_rate", FactGroup.REPAYMENT, N_("Share of utility bills paid on time"), "share", 0, 1
    ),
    _number("repayment.bill_months", FactGroup.REPAYMENT, N_("Months of utility bills"), "months", 0, 120),
    _money("credit.limit", FactGroup.ABILITY, N_("Credit limit elsewhere"), 10_000_000),
    _money("credit.outstanding", FactGroup.ABILITY, N_("Debt elsewhere"), 10_000_000),
    _number("credit.open_loans", FactGroup.BEHAVIOUR, N_("Open loans elsewhere"), "loans", 0, 100),
    _number(
        "credit.applications_90d", FactGroup.BEHAVIOUR, N_("Loan applications in 90 days"), "applications", 0, 200, 90
    ),
    _money("income.monthly_inflow", FactGroup.ABILITY, N_("Money coming in each month"), 10_000_000),
    _number("income.stability", FactGroup.ABILITY, N_("Steadiness of income"), "share", 0, 1),
    _number("income.buffer_days", FactGroup.ABILITY, N_("Days your savings would last"), "days", 0, 3650),
    _money("shopping.monthly_spend", FactGroup.ABILITY, N_("Monthly shopping"), 1_000_000),
    _number("shopping.orders_12m", FactGroup.BEHAVIOUR, N_("Orders in a year"), "orders", 0, 10_000),
    _number("shopping.active_months_12m", FactGroup.BEHAVIOUR, N_("Months with an order in a year"), "months", 0, 12),
    _number("shopping.return_rate", FactGroup.BEHAVIOUR, N_("Share of orders returned"), "share", 0, 1),
    _number("shopping.spend_variation", FactGroup.BEHAVIOUR, N_("Ups and downs of spending"), "ratio", 0, 10),
    _number("shopping.essentials_share", FactGroup.BEHAVIOUR, N_("Share of everyday goods"), "share", 0, 1),
    _number("social.active_days_90d", FactGroup.BEHAVIOUR, N_("Active days in 90"), "days", 0, 90),
    _number("social.address_stability_months", FactGroup.IDENTITY, N_("Months at the same place"), "months", 0, 600),
    _number("social.contacts", FactGroup.RELATIONSHIPS, N_("Contacts"), "people", 0, 100_000),
)

VOCABULARY: dict[str, FactKind] = {kind.name: kind for kind in _KINDS}
# What people say of themselves holds until they say otherwise.
SAID = ("profile.", "identity.")
assert all(
    timedelta(days=kind.lasts_days or 0) <= ADVERSE_LASTS and (kind.lasts_days or name.startswith(SAID))
    for name, kind in VOCABULARY.items()
), "what others tell of a person ends by itself"
