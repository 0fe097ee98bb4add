"""A wrong setting ends in a sentence that names it, before anything starts; what is taken works at run time too."""

import asyncio
import base64
import json
import logging
import math
import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from asyncpg.connect_utils import _parse_connect_dsn_and_args
from celery import Celery
from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis

from api.addresses import trusted_networks
from infra import keys, postgres_url
from infra.money import Money
from infra.setting_refusals import REFUSED, sentences
from infra.settings import Settings, settings
from integrations import registrations
from integrations.client import authority_of
from integrations.sms.gateways import gateway
from tests.house.test_words import HOUSE
from tests.patience import SECONDS_MAX
from tests.production import KEY, PRODUCTION

SHORT = base64.b64encode(bytes(31)).decode()
PEM = "LONGAN_PROVIDERS__ALIPAY__PRIVATE_KEY should be an RSA key in PEM, or the base64 of its DER."


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Settings from these variables alone: what they are, or the sentences that refuse them."""
    for name in [name for name in os.environ if name.startswith("LONGAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def said(**variables: str) -> Settings | list[str]:
        with monkeypatch.context() as patched:
            for name, value in variables.items():
                patched.setenv(f"LONGAN_{name}", value)
            try:
                return Settings()
            except REFUSED as error:
                return sentences(error)

    return said


KEYS = "the base64 of 32 bytes, as `longan keys new` prints it"
POSTGRES = "LONGAN_DATABASE_URL should"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("INDEX_KEY", "abc", f"LONGAN_INDEX_KEY should be {KEYS}."),
        ("TOKEN_KEY", SHORT, f"LONGAN_TOKEN_KEY should be {KEYS}."),
        ("MASTER_KEYS", f'{{"2": "{SHORT}"}}', f"LONGAN_MASTER_KEYS__2 should be {KEYS}."),
        ("MASTER_KEYS", f'{{"first": "{KEY}"}}', "LONGAN_MASTER_KEYS__FIRST should be called by a version, as 1."),
        ("MASTER_KEYS", KEY, "LONGAN_MASTER_KEYS should be JSON, as the README's table shows it."),
        ("TIME_ZONE", "Mars/Base", "LONGAN_TIME_ZONE should be a time zone of the IANA list, as Asia/Shanghai."),
        ("TIME_ZONE", "Asia", "LONGAN_TIME_ZONE should be a time zone of the IANA list, as Asia/Shanghai."),
        ("TIME_ZONE", "../etc/passwd", "LONGAN_TIME_ZONE should be a time zone of the IANA list, as Asia/Shanghai."),
        ("CURRENCY", "ABC", "LONGAN_CURRENCY should be a currency of ISO 4217, as CNY."),
        ("PROMISE_THRESHOLD", '{"ABC": 1}', "LONGAN_PROMISE_THRESHOLD__ABC should be a currency of ISO 4217, as CNY."),
        ("PROMISE_THRESHOLD__CNY", "-1", "LONGAN_PROMISE_THRESHOLD__CNY should be greater than or equal to 0."),
        ("SMS__AUTH_TOKEN", "", "LONGAN_SMS__AUTH_TOKEN should not be empty, nor hold characters that cannot be printed."),
        ("SMS__AUTH_TOKEN", " ", "LONGAN_SMS__AUTH_TOKEN should not be empty, nor hold characters that cannot be printed."),
        ("SMS__AUTH_TOKN", "x", "LONGAN_SMS__AUTH_TOKN is no setting; the README's table has those that are."),
        ("SMS_GATEWAY", "aliyun", "the SMS gateway aliyun needs LONGAN_SMS__ACCESS_KEY_ID, LONGAN_SMS__ACCESS_KEY_SECRET, "
         "LONGAN_SMS__SIGN_NAME, LONGAN_SMS__TEMPLATE_CODE."),
        ("DATABASE_URL", "postgresql+asyncpg://x/y?sslmode=", f"{POSTGRES} say something of sslmode, or leave it away."),
        ("DATABASE_URL", "postgresql+asyncpg://x/y?ssl=", f"{POSTGRES} say something of sslmode, or leave it away."),
        ("DATABASE_URL", "postgresql://x/y?sslmode=yes",
         f"{POSTGRES} have an sslmode of disable, allow, prefer, require, verify-ca, verify-full."),
        ("DATABASE_URL", "postgresql://x/y?sslmode=verify-full",
         f"{POSTGRES} name the authority's certificate as sslrootcert, since its sslmode verifies."),
        ("DATABASE_URL", "postgresql://x/y?sslmode=verify-full&sslrootcert=/nowhere.pem",
         f"{POSTGRES} name a file that is there as sslrootcert."),
        ("DATABASE_URL", "postgresql://x/y?pool_size=5", f"{POSTGRES} not say 'pool_size' after the ?; known are host, port, "
         "user, password, dbname, sslmode, sslrootcert, sslcert, sslkey, sslcrl, target_session_attrs."),
        ("DATABASE_URL", "postgresql://u:p@ss@x/y", f"{POSTGRES} write @, / and # in a password as %40, %2F and %23."),
        ("DATABASE_URL", "postgresql://x:port/y", f"{POSTGRES} name ports as numbers from 1 to 65535."),
        ("DATABASE_URL", "mysql://x/y", f"{POSTGRES} begin with postgresql+asyncpg://."),
        ("DATABASE_URL", "longan", f"{POSTGRES} begin with postgresql+asyncpg://."),
        ("DATABASE_URL", "postgresql://x/y?sslmode", f"{POSTGRES} be postgresql+asyncpg://user:password@host:5432/database."),
        ("VALKEY_URL", "valkey", "LONGAN_VALKEY_URL should be an address that begins with redis:// or rediss://."),
        ("VALKEY_URL", "redis://x/abc",
         "LONGAN_VALKEY_URL should be redis://[:password@]host:port/number, or the same with rediss://."),
        ("BROKER_URL", "redis://x/1/2",
         "LONGAN_BROKER_URL should be redis://[:password@]host:port/number, or the same with rediss://."),
        ("RESCORE_TOLD_PER_SECOND", "1e-300",
         "LONGAN_RESCORE_TOLD_PER_SECOND should be greater than or equal to 0.001."),
        ("BROKER_URL", "rabbit:5672",
         "LONGAN_BROKER_URL should be an address that begins with amqp:// or amqps:// or redis:// or rediss://."),
        ("TRUSTED_PROXIES", '["10.0.0.1", "the proxy"]',
         "LONGAN_TRUSTED_PROXIES, entry 2, should be an address or a network, as 10.0.0.0/8."),
        ("TRUSTED_PROXIES", "10.0.0.1", "LONGAN_TRUSTED_PROXIES should be JSON, as the README's table shows it."),
        ("CODE_NUMBERS__COUNTRIES", '["China"]',
         "LONGAN_CODE_NUMBERS__COUNTRIES, entry 1, should be a country of ISO 3166-1 in two capital letters, as CN."),
        ("CODE_NUMBERS__TYPES", '["LANDLINE"]', "LONGAN_CODE_NUMBERS__TYPES, entry 1, should be one of FIXED_LINE, "
         "FIXED_LINE_OR_MOBILE, MOBILE, PAGER, PERSONAL_NUMBER, PREMIUM_RATE, SHARED_COST, TOLL_FREE, UAN, UNKNOWN, "
         "VOICEMAIL, VOIP."),
        ("CODE_LIMITS__PER_FONE", "{}", "LONGAN_CODE_LIMITS__PER_FONE is no setting; the README's table has those that are."),
        ("CODE_LIMITS__PER_IP", '{"times": 5}', "LONGAN_CODE_LIMITS__PER_IP__SECONDS is missing."),
        ("MODEL_HEARTBEAT_SECONDS", "-1", "LONGAN_MODEL_HEARTBEAT_SECONDS should be greater than 0."),
        ("MODEL_HEARTBEAT_SECONDS", "nan", "LONGAN_MODEL_HEARTBEAT_SECONDS should be a finite number."),
        ("ACCESS_MINUTES", "999999999999", "LONGAN_ACCESS_MINUTES should be less than or equal to 1440."),
        ("PORT", "eighty", "LONGAN_PORT should be a valid integer, unable to parse string as an integer."),
        ("PUBLIC_URL", "longan.example", "LONGAN_PUBLIC_URL should be an address that begins with https:// or http://."),
        ("PUBLIC_URL", "https://longan.example/",
         "LONGAN_PUBLIC_URL should be scheme, host and port alone, as https://longan.example."),
        ("ALLOWED_ORIGINS", '["longan.example"]',
         "LONGAN_ALLOWED_ORIGINS, entry 1, should be an address that begins with https:// or http://."),
        ("LINK_REDIRECTS", '["http://a.example/back"]',
         "LONGAN_LINK_REDIRECTS, entry 1, should be an address that begins with https://."),
        ("OUTGOING_ALLOW", '["https://10.0.0.7"]', "LONGAN_OUTGOING_ALLOW, entry 1, should be host:port, as 10.0.0.7:8443."),
        ("METRICS_TOKEN", "secret",
         "LONGAN_METRICS_TOKEN should be 16 or more letters, digits and signs without spaces."),
        ("LOG_LEVEL", "loud", "LONGAN_LOG_LEVEL should be DEBUG, INFO, WARNING, ERROR or CRITICAL."),
        ("VAR", __file__, "LONGAN_VAR should be a folder, or where one can be made."),
        ("PROVIDERS__WECHAT__CLIENT_SECRET", "s", "LONGAN_PROVIDERS__WECHAT__CLIENT_ID is missing."),
        ("PROVIDERS__GOOGLE", '{"client_id": "x", "issuer": "accounts.google.com"}',
         "LONGAN_PROVIDERS__GOOGLE__ISSUER should be an address that begins with https:// or http://."),
        ("INTROSPECTION", "perhaps", "LONGAN_INTROSPECTION should be a valid boolean, unable to interpret input."),
        ("ENVIRONMENT", "prod", "LONGAN_ENVIRONMENT should be 'embedded' or 'production'."),
    ],
)  # fmt: skip
def test_a_wrong_one_is_named_with_what_would_be_right(say: Any, name: str, value: str, told: str) -> None:
    assert say(**(PRODUCTION | {name: value})) == [told]


def test_every_wrong_one_has_its_sentence(say: Any) -> None:
    assert say(CURRENCY="ABC", PORT="0") == [
        "LONGAN_PORT should be greater than or equal to 1.",
        "LONGAN_CURRENCY should be a currency of ISO 4217, as CNY.",
    ]


def test_a_threshold_counts_however_its_currency_is_written(say: Any) -> None:
    assert say(PROMISE_THRESHOLD__JPY="9000").promise_threshold == {"JPY": 9000}
    assert say(PROMISE_THRESHOLD='{"JPY": 9000}', CURRENCY="jpy").promise_threshold == {"JPY": 9000}


def test_what_is_all_digits_is_no_number(say: Any) -> None:
    """As the id of an app at Tencent is."""
    found = say(**PRODUCTION)
    assert (found.sms.auth_token.get_secret_value(), found.sms.account_sid.get_secret_value()) == ("12345678", "AC1")


def test_some_keys_are_no_keys(say: Any) -> None:
    assert say(INDEX_KEY=KEY) == [
        "keys are given all or none: LONGAN_MASTER_KEYS, LONGAN_TOKEN_KEY is missing.",
    ]


def test_a_file_that_is_no_text_is_named(say: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LONGAN_PORT=\xff\xfe")
    assert say() == ["The file .env should be text in UTF-8."]


@pytest.mark.parametrize(
    ("providers", "told"),
    [
        ({"myspace": {"client_id": "x"}}, "LONGAN_PROVIDERS__MYSPACE should be one of wechat, wechat_in_app, wechat_mini, qq, "
         "weibo, douyin, taobao, jd, alipay, google, facebook, line, tiktok, mercado_livre, oidc, or name its ISSUER."),
        ({"wechat": {"client_id": "x"}}, "LONGAN_PROVIDERS__WECHAT__CLIENT_SECRET is missing."),
        ({"wechat": {"client_id": "x", "client_secret": " "}}, "LONGAN_PROVIDERS__WECHAT__CLIENT_SECRET is missing."),
        ({"oidc": {"client_id": "x"}}, "LONGAN_PROVIDERS__OIDC__ISSUER is missing."),
        ({"alipay": {"client_id": "x"}},
         "LONGAN_PROVIDERS__ALIPAY__PRIVATE_KEY, LONGAN_PROVIDERS__ALIPAY__PUBLIC_KEY is missing."),
        ({"alipay": {"client_id": "x", "private_key": KEY, "public_key": KEY}}, PEM),
        ({"alipay": {"client_id": "x", "private_key": "-----BEGIN", "public_key": KEY}}, PEM),
    ],
)  # fmt: skip
def test_a_provider_that_could_not_be_spoken_with_is_named(providers: dict[str, Any], told: str) -> None:
    assert registrations.faults(Settings.model_validate({"providers": providers})) == [told]


def test_providers_that_can_be_spoken_with_are_taken() -> None:
    from integrations.sandbox import credentials

    keys = {"private_key": credentials.APP_KEY, "public_key": credentials.PLATFORM_PUBLIC_KEY}
    given = {
        "wechat": {"client_id": "x", "client_secret": "y"},
        "mybank": {"client_id": "x", "issuer": "https://login.bank.example"},
        "alipay": {"client_id": "x", **keys},
    }
    assert registrations.faults(Settings.model_validate({"providers": given})) == []


ODD: tuple[str, ...] = (
    "",
    " ",
    "abc",
    "-1",
    "0",
    "1e400",
    "nan",
    "true",
    "null",
    "99999999999999999999999",
    "1.5",
    "{}",
    "[]",
    '["x"]',
)
ODD += (
    '{"a": 1}',
    '{"CNY": "x"}',
    "://",
    "http://",
    "redis://",
    "postgresql://",
    "https://[::1",
    "a\nb",
    "é",
    "//x:99999",
    "%",
)


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Each setting as its variable, and those of which the operator makes up the name."""
    for name, field in model.model_fields.items():
        inner, here = _model_in(field.annotation), f"{prefix}{name.upper()}"
        yield here
        if inner is not None:
            nested = "__" if isinstance(field.annotation, type) else "__WECHAT__"
            yield from leaves(inner, here + nested)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = get_args(annotation) if get_origin(annotation) in {dict, Union, UnionType} else ()
    return next((found for each in inside if (found := _model_in(each))), None)


def test_every_setting_is_among_those_tried() -> None:
    names = set(leaves(Settings))
    assert {"CODE_LIMITS__PER_IP__TIMES", "PROVIDERS__WECHAT__ISSUER", "SMS__APP_ID", "LEARNING__APPLIED_MIN"} <= names
    assert len(names) > 120


def given(values: dict[str, Any]) -> Settings:
    """The same without asking any source: a thousand times in a second."""
    found = Settings.__new__(Settings)
    Settings.__pydantic_validator__.validate_python(values, self_instance=found)
    return found


def with_one(name: str, value: str) -> dict[str, Any]:
    """A production's settings with this one in its place; what looks like JSON is read as the environment's would be."""
    values: dict[str, Any] = {}
    for variable, said in {**PRODUCTION, name: value}.items():
        *groups, last = variable.lower().split("__")
        inner = values
        for group in groups:
            inner = inner[group] if isinstance(inner.get(group), dict) else inner.setdefault(group, {})
        try:
            inner[last] = json.loads(said) if said[:1] in {"{", "["} else said
        except ValueError:
            inner[last] = said
    return values


def test_any_value_of_any_setting_is_refused_in_words_or_works() -> None:
    taken = 0
    for name in leaves(Settings):
        for value in ODD:
            try:
                found = given(with_one(name, value))
            except ValidationError as error:
                told = sentences(error)
            else:
                taken += 1
                use(found)
                continue
            named = (
                "LONGAN_DATABASE_DIRECT_URL",
                f"LONGAN_{name.partition('__')[0]}",
                "the SMS gateway",
                "the register",
                "the cashier",
                "a production configuration needs",
            )
            assert all(each.startswith(named) and each.endswith(".") for each in told), (name, value, told)
            assert all("\n" not in each and "Value error" not in each for each in told), (name, value, told)
    assert 0 < taken < 600, "most of these values are wrong for most settings"


def use(found: Settings) -> None:
    """What is done with settings while Longan runs; nothing here may fail."""
    zone = ZoneInfo(found.time_zone)
    datetime.combine(date(2026, 11, 28), time.min, zone).astimezone(UTC)
    assert all(Money.of("1", each).minor >= 1 for each in (found.currency, *found.promise_threshold))
    trusted_networks(tuple(found.trusted_proxies))
    assert all(hasattr(phonenumbers.PhoneNumberType, each) for each in found.code_numbers.types)
    assert logging.getLevelNamesMapping()[found.log_level]
    authority_of(found.public_url)
    gateway(found)
    if not registrations.faults(found):
        registrations.registrations(found)
    if found.master_keys:
        keys._from_settings(found)
    for url in filter(None, (found.database_url, found.database_direct_url)):
        assert parsed(postgres_url.dsn(url))
    if found.valkey_url:
        Redis.from_url(found.valkey_url)
    if broker := found.broker_url or found.valkey_url:
        Celery(broker=broker).connection_for_write().as_uri()
    for number in numbers(found):
        assert math.isfinite(number) and 0 <= number <= 2**53
        datetime.now(UTC) + timedelta(seconds=min(number, 366 * 86_400))
    datetime.now(UTC) + timedelta(days=found.refresh_days + found.learning.looks_back_days)
    datetime.now(UTC) - timedelta(days=found.refresh_days + found.learning.looks_back_days)


def parsed(dsn: str) -> Any:
    """As asyncpg reads it."""
    none = "host port user password passfile database ssl service servicefile direct_tls server_settings".split()
    none += ["target_session_attrs", "krbsrvname", "gsslib"]
    return _parse_connect_dsn_and_args(dsn=dsn, **dict.fromkeys(none))


def numbers(model: BaseModel) -> Iterator[float]:
    for value in (getattr(model, name) for name in type(model).model_fields):
        if isinstance(value, BaseModel):
            yield from numbers(value)
        elif isinstance(value, int | float):
            yield value


@pytest.mark.parametrize(
    ("url", "host", "mode"),
    [
        ("postgres://u:p%40ss@db:5433/longan?sslmode=disable", ("db", 5433), False),
        ("postgresql+asyncpg://u@db/longan?ssl=require", ("db", 5432), True),
        ("postgresql://u@[::1]:5433/longan", ("::1", 5433), True),
        ("postgresql+asyncpg://u@/longan?host=/run/pg", "/run/pg/.s.PGSQL.5432", False),
    ],
)
def test_the_words_of_libpq_reach_the_driver(url: str, host: Any, mode: bool) -> None:
    assert postgres_url.checked(url) == url
    addresses, parameters = parsed(postgres_url.dsn(url))[:2]
    assert (addresses[0], bool(parameters.ssl)) == (host, mode)
    assert (parameters.user, parameters.database) == ("u", "longan")
    assert parameters.server_settings is None


async def test_the_database_is_reached_with_them() -> None:
    from sqlalchemy import text

    from infra.database import make_engine

    engine = make_engine(f"{settings().database_url}&sslmode=prefer&target_session_attrs=read-write")
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    await engine.dispose()


async def test_nothing_starts_with_one_that_is_wrong() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", "up"),
        env={**os.environ, "LONGAN_TIME_ZONE": "Mars/Base", "LONGAN_INDEX_KEY": "abc"},
        cwd=HOUSE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS_MAX):
        said, told = await process.communicate()
    assert (process.returncode, said) == (1, b"")
    assert told.decode().splitlines() == [
        "Longan does not start: LONGAN_INDEX_KEY should be the base64 of 32 bytes, as `longan keys new` prints it.",
        "Longan does not start: LONGAN_TIME_ZONE should be a time zone of the IANA list, as Asia/Shanghai.",
    ]
