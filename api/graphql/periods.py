"""PlanPeriod, as every door shows it: how long one payment of a plan lasts."""

from api.graphql.enums import show
from membership.plans.plans import PlanPeriod

show(PlanPeriod, "For how long one payment of a plan is.", MONTH="A month.", QUARTER="Three months.", YEAR="A year.")

__all__ = ["PlanPeriod"]
