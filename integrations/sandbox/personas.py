"""The people of the sandbox: invented, consistent over the providers, and the same every day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from infra.words import N_

Facts = Mapping[str, float | bool]


@dataclass(frozen=True)
class Persona:
    """`facts` by provider. Names of facts are the vocabulary's; a fact that such a person hasn't is absent, not zero."""

    key: str
    name: str
    nickname: str
    story: str
    facts: Mapping[str, Facts]


THIN_FILE_STUDENT = Persona(
    key="thin-file-student",
    name=N_("Lin, a student"),
    nickname="林同学🌱",
    story=N_(
        "Second year at university, never borrowed anything, shops a little and pays at once. Not much is known yet."
    ),
    facts={
        "wechat": {
            "account.real_name": True,
            "account.age_months": 26,
            "social.active_days_90d": 82,
            "social.address_stability_months": 14,
        },
        "taobao": {
            "account.real_name": True,
            "account.age_months": 22,
            "shopping.monthly_spend": 620,
            "shopping.orders_12m": 31,
            "shopping.active_months_12m": 10,
            "shopping.return_rate": 0.06,
            "shopping.spend_variation": 0.7,
            "shopping.essentials_share": 0.35,
        },
        "oidc": {
            "account.real_name": True,
            "account.age_months": 18,
            "income.monthly_inflow": 1_800,
            "income.stability": 0.55,
            "income.buffer_days": 12,
            "credit.open_loans": 0,
            "credit.applications_90d": 0,
        },
    },
)

STEADY_SHOPPER = Persona(
    key="steady-shopper",
    name=N_("Wang, an office worker"),
    nickname="王姐",
    story=N_("Ten years of even shopping, a steady salary, every bill and instalment paid on the day."),
    facts={
        "wechat": {
            "account.real_name": True,
            "account.age_months": 118,
            "social.active_days_90d": 88,
            "social.address_stability_months": 62,
            "repayment.bills_on_time_rate": 1.0,
            "repayment.bill_months": 48,
        },
        "taobao": {
            "account.real_name": True,
            "account.age_months": 126,
            "shopping.monthly_spend": 4_300,
            "shopping.orders_12m": 156,
            "shopping.active_months_12m": 12,
            "shopping.return_rate": 0.03,
            "shopping.spend_variation": 0.25,
            "shopping.essentials_share": 0.52,
            "repayment.delay_months": -1,
            "repayment.on_time_24m": 22,
            "repayment.late_24m": 0,
            "repayment.worst_delay_days": 0,
        },
        "oidc": {
            "account.real_name": True,
            "account.age_months": 140,
            "income.monthly_inflow": 15_800,
            "income.stability": 0.94,
            "income.buffer_days": 160,
            "credit.limit": 50_000,
            "credit.outstanding": 4_800,
            "credit.open_loans": 1,
            "credit.applications_90d": 0,
            "repayment.delay_months": -1,
            "repayment.on_time_24m": 24,
            "repayment.late_24m": 0,
            "repayment.worst_delay_days": 0,
        },
    },
)

GIG_DRIVER = Persona(
    key="gig-driver",
    name=N_("Zhao, a driver"),
    nickname="赵师傅",
    story=N_("Drives for two platforms. Earns well, but not evenly; was late with an instalment twice, by days."),
    facts={
        "wechat": {
            "account.real_name": True,
            "account.age_months": 84,
            "social.active_days_90d": 90,
            "social.address_stability_months": 9,
            "repayment.bills_on_time_rate": 0.88,
            "repayment.bill_months": 20,
        },
        "taobao": {
            "account.real_name": True,
            "account.age_months": 77,
            "shopping.monthly_spend": 1_500,
            "shopping.orders_12m": 44,
            "shopping.active_months_12m": 11,
            "shopping.return_rate": 0.05,
            "shopping.spend_variation": 0.55,
            "shopping.essentials_share": 0.58,
            "repayment.delay_months": 0,
            "repayment.on_time_24m": 12,
            "repayment.late_24m": 1,
            "repayment.worst_delay_days": 4,
        },
        "oidc": {
            "account.real_name": True,
            "account.age_months": 60,
            "income.monthly_inflow": 9_200,
            "income.stability": 0.48,
            "income.buffer_days": 21,
            "credit.limit": 18_000,
            "credit.outstanding": 9_700,
            "credit.open_loans": 2,
            "credit.applications_90d": 2,
            "repayment.delay_months": 0,
            "repayment.on_time_24m": 21,
            "repayment.late_24m": 2,
            "repayment.worst_delay_days": 9,
        },
    },
)

OVER_BORROWED = Persona(
    key="over-borrowed",
    name=N_("Chen, in debt"),
    nickname="小陈",
    story=N_("Nine open loans on an ordinary salary, each newer one paying for an older; two months behind."),
    facts={
        "wechat": {
            "account.real_name": True,
            "account.age_months": 70,
            "social.active_days_90d": 89,
            "social.address_stability_months": 5,
            "repayment.bills_on_time_rate": 0.62,
            "repayment.bill_months": 18,
        },
        "taobao": {
            "account.real_name": True,
            "account.age_months": 66,
            "shopping.monthly_spend": 5_200,
            "shopping.orders_12m": 190,
            "shopping.active_months_12m": 12,
            "shopping.return_rate": 0.21,
            "shopping.spend_variation": 1.3,
            "shopping.essentials_share": 0.18,
            "repayment.delay_months": 1,
            "repayment.on_time_24m": 14,
            "repayment.late_24m": 6,
            "repayment.worst_delay_days": 41,
        },
        "oidc": {
            "account.real_name": True,
            "account.age_months": 58,
            "income.monthly_inflow": 8_200,
            "income.stability": 0.62,
            "income.buffer_days": 2,
            "credit.limit": 46_000,
            "credit.outstanding": 44_600,
            "credit.open_loans": 9,
            "credit.applications_90d": 14,
            "repayment.delay_months": 2,
            "repayment.on_time_24m": 19,
            "repayment.late_24m": 8,
            "repayment.worst_delay_days": 64,
        },
    },
)

SMALL_SHOP_OWNER = Persona(
    key="small-shop-owner",
    name=N_("Li, who has a shop"),
    nickname="李老板·便利店",
    story=N_("Eight years in the same shop. Money comes in waves, stock is bought on credit and paid back."),
    facts={
        "wechat": {
            "account.real_name": True,
            "account.age_months": 130,
            "social.active_days_90d": 90,
            "social.address_stability_months": 96,
            "repayment.bills_on_time_rate": 0.97,
            "repayment.bill_months": 60,
        },
        "taobao": {
            "account.real_name": True,
            "account.age_months": 132,
            "shopping.monthly_spend": 6_800,
            "shopping.orders_12m": 120,
            "shopping.active_months_12m": 12,
            "shopping.return_rate": 0.04,
            "shopping.spend_variation": 0.45,
            "shopping.essentials_share": 0.44,
            "repayment.delay_months": 0,
            "repayment.on_time_24m": 23,
            "repayment.late_24m": 0,
            "repayment.worst_delay_days": 0,
        },
        "oidc": {
            "account.real_name": True,
            "account.age_months": 150,
            "income.monthly_inflow": 32_000,
            "income.stability": 0.66,
            "income.buffer_days": 75,
            "credit.limit": 120_000,
            "credit.outstanding": 38_000,
            "credit.open_loans": 2,
            "credit.applications_90d": 1,
            "repayment.delay_months": 0,
            "repayment.on_time_24m": 36,
            "repayment.late_24m": 1,
            "repayment.worst_delay_days": 3,
        },
    },
)

PERSONAS: Mapping[str, Persona] = {
    persona.key: persona for persona in (THIN_FILE_STUDENT, STEADY_SHOPPER, GIG_DRIVER, OVER_BORROWED, SMALL_SHOP_OWNER)
}

# A provider counts up its histories at night; the slower a number moves, the older the count.
COUNTED_DAYS_AGO = {"account": 1, "social": 1, "shopping": 2, "income": 3, "credit": 3, "repayment": 4}


@dataclass(frozen=True)
class History:
    """What a provider's extension tells of somebody: what they have at `of`, as far as it is of these groups."""

    of: str
    groups: Collection[str] = tuple(COUNTED_DAYS_AGO)

    def facts(self, persona: Persona) -> Facts:
        facts = persona.facts.get(self.of, {})
        return {name: value for name, value in facts.items() if name.partition(".")[0] in self.groups}

    def answer(self, persona: Persona, as_of: str | None, now: datetime) -> dict[str, Any]:
        """Facts with the moment at which each was counted."""
        moment = datetime.fromisoformat(as_of) if as_of else now
        return {
            "simulated": True,
            "facts": [
                {
                    "name": name,
                    "value": value,
                    "observed_at": (moment - timedelta(days=COUNTED_DAYS_AGO[name.partition(".")[0]])).isoformat(),
                }
                for name, value in self.facts(persona).items()
            ],
        }
