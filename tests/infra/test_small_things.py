"""Ids, money and settings: the small things that everything else is written in."""

import base64
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.ids import global_id, new_id, parse_global_id
from infra.money import MINOR_MAX, Money, decimals
from infra.setting_parts import GENEROUS, CodeLimits
from infra.settings import Settings
from integrations.sandbox.credentials import APP_KEY, PLATFORM_PUBLIC_KEY


class TestIds:
    @given(st.uuids(), st.sampled_from(["User", "Application", "Q"]))
    def test_come_back_from_what_clients_see(self, id: UUID, kind: str) -> None:
        shown = global_id(kind, id)
        assert parse_global_id(shown) == (kind, id)
        assert set(shown) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    @given(st.text())
    def test_of_nobody_are_none(self, text: str) -> None:
        assert parse_global_id(text) is None

    def test_have_one_spelling(self) -> None:
        shown = global_id("User", new_id())
        for other in (shown + "=", shown + " ", shown.swapcase(), f" {shown}", shown + "\n"):
            assert parse_global_id(other) in (None, parse_global_id(shown)) and (
                parse_global_id(other) is None or other == shown
            )

    def test_have_a_name_of_letters(self) -> None:
        for kind in (b"", b"1", b"Us er", b"\xff"):
            raw = base64.urlsafe_b64encode(kind + b":" + new_id().bytes).rstrip(b"=").decode()
            assert parse_global_id(raw) is None


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "currency", "minor", "shown"),
        [
            ("1234.50", "CNY", 123_450, "1234.50"),
            ("0.01", "CNY", 1, "0.01"),
            ("-7", "CNY", -700, "-7.00"),
            ("500", "JPY", 500, "500"),
            ("1.234", "KWD", 1234, "1.234"),
            ("1e3", "CNY", 100_000, "1000.00"),
        ],
    )
    def test_is_exact(self, amount: str, currency: str, minor: int, shown: str) -> None:
        money = Money.of(amount, currency)
        assert (money.minor, str(money)) == (minor, shown)
        assert Money.of(money.amount, currency) == money

    @pytest.mark.parametrize(
        ("amount", "currency"),
        [
            ("1.001", "CNY"),
            ("0.5", "JPY"),
            ("x", "CNY"),
            ("", "CNY"),
            ("NaN", "CNY"),
            ("Infinity", "CNY"),
            ("-Infinity", "CNY"),
            ("1e400", "CNY"),
            ("9e999999", "CNY"),
            (str(MINOR_MAX), "CNY"),
            ("1", "XXL"),
            ("1", ""),
        ],
    )
    def test_is_nothing_else(self, amount: str, currency: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            Money.of(amount, currency)

    @given(st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(["CNY", "JPY", "KWD"]))
    def test_comes_back_from_its_words(self, minor: int, currency: str) -> None:
        assert Money.of(str(Money(minor, currency)), currency).minor == minor
        assert Money(minor, currency).amount == Decimal(minor).scaleb(-decimals(currency))


KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
COMPLETE = {
    "environment": "production",
    "database_url": "postgresql+asyncpg://x",
    "valkey_url": "redis://x",
    "master_keys": {"1": KEY},
    "index_key": KEY,
    "token_key": KEY,
    "identity_register": "aliyun",
    "registers": {"access_key_id": "LTAI1", "access_key_secret": "12345678"},
    "cashier": "alipay",
    "cashiers": {
        "alipay": {"app_id": "2021000000000001", "private_key": APP_KEY, "public_key": PLATFORM_PUBLIC_KEY},
    },
    "sms_gateway": "twilio",
    "sms": {"account_sid": "AC1", "auth_token": "token", "sender": "+15005550006"},
}


class TestSettings:
    @pytest.fixture(autouse=True)
    def no_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("LONGAN_DATABASE_URL", "LONGAN_VALKEY_URL"):
            monkeypatch.delenv(name, raising=False)

    def test_the_embedded_default_is_generous_and_open(self) -> None:
        found = Settings()
        assert (found.is_embedded, found.shows_schema, found.allows_plain_get) == (True, True, True)
        assert found.code_limits == GENEROUS

    def test_production_is_neither(self) -> None:
        found = Settings.model_validate(COMPLETE)
        assert (found.is_embedded, found.shows_schema, found.allows_plain_get) == (False, False, False)
        assert found.code_limits == CodeLimits()

    @pytest.mark.parametrize("missing", ["database_url", "valkey_url", "master_keys", "index_key", "token_key"])
    def test_production_is_complete_or_not_at_all(self, missing: str) -> None:
        told = {name: value for name, value in COMPLETE.items() if name != missing}
        with pytest.raises(ValidationError, match=f"LONGAN_{missing.upper()}"):
            Settings.model_validate(told)

    def test_production_never_keeps_messages(self) -> None:
        with pytest.raises(ValidationError, match="LONGAN_SMS_GATEWAY"):
            Settings.model_validate(COMPLETE | {"sms_gateway": "kept"})

    def test_what_is_said_counts(self) -> None:
        strict = CodeLimits(resend_seconds=7)
        found = Settings(code_limits=strict, introspection=False, plain_get=False)
        assert (found.code_limits, found.shows_schema, found.allows_plain_get) == (strict, False, False)

    def test_nested_names_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LONGAN_REQUEST_LIMITS__DEPTH", "7")
        monkeypatch.setenv("LONGAN_PROVIDERS__WECHAT__CLIENT_ID", "wx1")
        found = Settings()
        assert (found.request_limits.depth, found.providers["wechat"].client_id) == (7, "wx1")
