"""Settings that all processes share: each setting is one of them or a machine's own, and a difference shows."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from infra import agreeing
from infra.setting_parts import CodeLimits, Rate
from infra.settings import Settings

HERE = Settings()
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def test_each_setting_is_shared_or_a_machines_own() -> None:
    named = [*agreeing.ONES_OWN, *(name for names in agreeing.SHARED.values() for name in names)]
    assert sorted(named) == sorted(Settings.model_fields)


def test_a_mark_is_a_name_that_postgres_keeps_whole() -> None:
    assert len(agreeing.mark(HERE)) < 64
    assert len({group[0] for group in agreeing.SHARED}) == len(agreeing.SHARED)


@pytest.mark.parametrize(
    ("change", "groups"),
    [
        ({}, []),
        ({"port": 8001, "log_level": "DEBUG"}, []),
        ({"cost_cap": Decimal("0.2")}, ["money"]),
        ({"time_zone": "Asia/Tokyo"}, ["money"]),
        ({"code_limits": CodeLimits(per_ip=Rate(times=31, seconds=3600))}, ["limits"]),
        ({"master_keys": {"1": KEY}, "index_key": KEY, "token_key": KEY}, ["keys"]),
        (
            {"sms_gateway": "kept", "link_redirects": ["https://app.example/linked"], "access_minutes": 5},
            ["doors", "others"],
        ),
    ],
)
def test_a_difference_is_told_by_its_group(change: dict[str, Any], groups: list[str]) -> None:
    there = Settings(**change)
    mine = agreeing.mark(HERE)
    assert agreeing.differing(mine, [mine, agreeing.mark(there)]) == groups


def test_a_secret_that_differs_shows_and_is_not_told() -> None:
    one, other = (Settings(metrics_token=SecretStr(word * 20)) for word in ("a", "b"))
    assert agreeing.differing(agreeing.mark(one), [agreeing.mark(other)]) == ["doors"]


def test_what_is_no_mark_says_nothing() -> None:
    assert agreeing.differing(agreeing.mark(HERE), ["psql", "longan", "", "longan k0000"]) == []
