"""Every number of the simulated population. They are chosen, not measured: README.md beside this file says why."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Traits:
    """Who people are. Thrift, discipline and digital activity are standard normal."""

    age_low: float = 18
    age_high: float = 60
    thrift_with_discipline: float = 0.3  # correlation; digital activity has none, by construction
    student_share_under_23: float = 0.6
    income_median: float = 6500  # CNY a month
    income_spread: float = 0.55  # of log income
    student_income: float = 0.35  # of what they would earn
    unsteady_share: float = 0.22  # live of gigs and their own small trade
    steady_noise: float = 0.08  # month-to-month noise of log income
    unsteady_noise: float = 0.35
    fraud_share: float = 0.006  # never meant to repay


@dataclass(frozen=True)
class PopulationLife:
    """What happens to them, month by month."""

    history_months: int = 24
    window_months: int = 12  # in which a default counts
    job_loss: float = 0.010  # a month, for the steady; twice that for the unsteady
    job_found: float = 0.22
    income_without_job: float = 0.35
    economy_persistence: float = 0.9  # one economy for all: a bad year hits every cohort in it
    economy_shock: float = 0.35
    fixed_costs: float = 0.58  # of usual income, at the median income
    fixed_costs_by_income: float = -0.08  # for each unit of log income above it
    thrift_saves: float = 0.10  # of usual income, per unit of thrift
    debt_service: float = 0.045  # of debt, a month
    borrows_when_short: float = 0.35  # of the gap, more where thrift is low
    borrows_for_pleasure: float = 0.05  # of usual income a month, at low thrift
    debt_forgiven: float = 0.03  # a month: what gets paid off besides the service


@dataclass(frozen=True)
class Effects:
    """What makes people miss an instalment: logits per unit."""

    discipline: float = -0.85
    shortage: float = 1.8  # gap of the month over usual income, after savings
    thin_savings: float = 0.8  # when savings would last no week
    debt: float = 0.75  # debt over half a year's income
    unsettled: float = 0.30  # moved house within a year
    already_late: float = 1.5
    fraud: float = 1.0  # share of fraudsters who vanish


@dataclass(frozen=True)
class Chance:
    """What nobody could have seen: spread, in logits, of how hard each loan turns out for its borrower."""

    spread: float = 0.8


@dataclass(frozen=True)
class Observing:
    """How well each provider sees it."""

    noise_money: float = 0.12  # of log amounts
    noise_share: float = 0.06
    tenure_noise_months: float = 4
    tells_age: float = 0.9  # share of accounts
    tells_name: float = 0.9
    has_instalments: float = 0.72
    has_bills: float = 0.80
    has_credit: float = 0.62
    income_is_cash: float = 0.15  # paid in cash: the bank sees nothing come in


@dataclass(frozen=True)
class Linking:
    """Who links what: logits. Linking depends on age and discipline, never on chance alone."""

    base: dict[str, float] = field(default_factory=lambda: {"wechat": 1.4, "taobao": 0.9, "oidc": 0.1})
    age: dict[str, float] = field(
        default_factory=lambda: {"wechat": -0.2, "taobao": -0.45, "oidc": 0.25}
    )  # per 10 years
    discipline: dict[str, float] = field(default_factory=lambda: {"wechat": 0.15, "taobao": 0.2, "oidc": 0.45})


@dataclass(frozen=True)
class PastPolicy:
    """Who was lent to before, so whose outcome is known: a crude rule, and a few of the declined by lot."""

    approves_share: float = 0.75
    explores_share: float = 0.05  # of the declined


@dataclass(frozen=True)
class Market:
    """What people do with products that they are shown, and partners with applications: logits unless said otherwise.

    The median amount of each kind is its `usual_amount`, in CNY.
    """

    people: int = 12_000
    shown_each: int = 5
    grades_asked: tuple[float, ...] = (0.05, 0.25, 0.4, 0.3)  # share of products that ask for A, B, C, or any grade
    cost_usual: float = 0.13  # a year, all told
    size_usual: float = 1.0  # amount over monthly income that people mean most often
    applies_base: float = 0.6
    dislikes_cost: float = 6.0  # per unit of annual cost
    dislikes_misfit: float = 0.5  # per unit of log size
    dislikes_burden: float = 2.0  # per monthly cost over income
    attention_fades: float = 0.5  # what stands k places down is looked at by (1 + k) ** -this of the people
    lists_noise: float = 0.7  # logits: how dimly the lists of the past knew what appeals to whom
    approves_base: float = 1.3
    likes_points: float = 0.75  # per 40 points, which double the odds of repaying
    dislikes_strain: float = 2.5  # per monthly cost over income
    below_grade: float = 4.0


@dataclass(frozen=True)
class PopulationWorld:
    traits: Traits = Traits()
    life: PopulationLife = PopulationLife()
    effects: Effects = Effects()
    chance: Chance = Chance()
    observing: Observing = Observing()
    linking: Linking = field(default_factory=Linking)
    policy: PastPolicy = PastPolicy()
    market: Market = Market()
    miss_base: float = -3.3  # logit of missing a month, for a usual person in a usual month


WORLD = PopulationWorld()

# In the null world nothing that can be seen says who repays. A model must find nothing in it.
NULL_WORLD = replace(
    WORLD,
    effects=Effects(discipline=0, shortage=0, thin_savings=0, debt=0, unsettled=0, already_late=0, fraud=0),
    miss_base=-1.65,
)
