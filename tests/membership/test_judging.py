"""Which tier a member has: up at once, down after grace. Nothing here knows a database."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.ids import new_id
from membership.evaluating import judge
from membership.moving import TierVerdict
from membership.rules import RulesStatus, TierRule, TierRules
from membership.tiers import Tier

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
MONTH = timedelta(days=30)
LITE, SILVER, GOLD = (Tier(code=code, name=code, rank=rank) for rank, code in enumerate(("LITE", "SILVER", "GOLD"), 1))


def rules() -> TierRules:
    told = TierRules(id=new_id(), version=1, status=RulesStatus.LIVE, note="", created_at=NOW)
    for tier, points, activity in ((GOLD, 680, 6), (LITE, 100, 0), (SILVER, 600, 0)):
        rule = TierRule(tier_code=tier.code, points_at_least=points, activity_at_least=activity, grace_days=30)
        rule.tier = tier
        told.rules.append(rule)
    return told


@pytest.mark.parametrize(
    ("points", "activity", "tier"),
    [
        (0, 0, LITE),
        (599, 99, LITE),
        (600, 0, SILVER),
        (680, 5, SILVER),
        (679, 6, SILVER),
        (680, 6, GOLD),
        (950, 6, GOLD),
    ],
)
def test_a_tier_is_reached_at_exactly_its_points_and_activity(points: int, activity: int, tier: Tier) -> None:
    assert rules().judge()(points, activity) is tier


def test_the_rules_are_a_ladder_in_whatever_order_they_were_written() -> None:
    assert [rule.tier.code for rule in rules().ladder] == ["LITE", "SILVER", "GOLD"]
    above_silver = rules().above(SILVER)
    assert above_silver is not None and above_silver.tier is GOLD
    assert rules().above(GOLD) is None


@pytest.mark.parametrize("grace_so_far", [None, NOW + MONTH, NOW - MONTH])
def test_who_reaches_more_has_it_at_once_and_no_end(grace_so_far: datetime | None) -> None:
    assert judge(SILVER, grace_so_far, GOLD, MONTH, NOW) == TierVerdict(GOLD, None)


def test_who_reaches_his_tier_again_in_grace_keeps_it() -> None:
    assert judge(SILVER, NOW + MONTH, SILVER, MONTH, NOW) == TierVerdict(SILVER, None)


def test_who_falls_below_keeps_his_tier_for_the_grace() -> None:
    assert judge(GOLD, None, LITE, MONTH, NOW) == TierVerdict(GOLD, NOW + MONTH)


def test_falling_further_neither_shortens_nor_renews_the_grace() -> None:
    ends = NOW + timedelta(days=1)
    assert judge(GOLD, ends, LITE, MONTH, NOW) == TierVerdict(GOLD, ends)


def test_the_moment_that_grace_ends_is_no_longer_grace() -> None:
    assert judge(GOLD, NOW + timedelta(microseconds=1), SILVER, MONTH, NOW).tier is GOLD
    assert judge(GOLD, NOW, SILVER, MONTH, NOW) == TierVerdict(SILVER, None)


def test_without_grace_the_tier_ends_at_once() -> None:
    assert judge(GOLD, None, LITE, timedelta(0), NOW) == TierVerdict(LITE, None)
