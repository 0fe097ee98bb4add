"""Every setting, with its default, read from `LONGAN_*` variables, `.env`, or a secrets folder."""

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra import setting_addresses as addresses
from infra import setting_kinds as kinds
from infra.setting_credentials import (
    PUSH_NEEDS,
    SMS_NEEDS,
    CashierCredentials,
    ProviderCredentials,
    PushCredentials,
    RegisterCredentials,
    SmsCredentials,
)
from infra.setting_kinds import Seconds, Share, Times, TimesOrNone
from infra.setting_parts import (
    GENEROUS,
    CodeLimits,
    CodeNumbers,
    ConnectionLimits,
    IdentityLimits,
    Learning,
    RequestLimits,
    SocketLimits,
    StatementLimits,
    WebhookLimits,
)
from infra.setting_refusals import REFUSED, does_not_start, sentences


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="LONGAN_", env_nested_delimiter="__", env_file=".env", extra="ignore", secrets_dir=None
    )

    environment: Literal["embedded", "production"] = "embedded"
    var: kinds.Folder = Path("var")
    host: addresses.Host = "127.0.0.1"
    port: kinds.PortNumber = 8000
    processes: kinds.Few = 1  # that serve this address together, on this machine
    public_url: addresses.Origin = "http://127.0.0.1:8000"
    log_level: kinds.LogLevel = "INFO"

    database_url: addresses.PostgresUrl | None = None  # production; the embedded default makes its own
    database_direct_url: addresses.PostgresUrl | None = None  # past the pooler, for migrations
    database_pooled: bool = False  # the address above is that of a PgBouncer in transaction mode
    valkey_url: addresses.ValkeyUrl | None = None
    broker_url: addresses.BrokerUrl | None = None  # the Valkey above, unless a RabbitMQ is named
    database_pool: kinds.Few = 12  # connections of a process for its transactions
    database_read_pool: kinds.Few = 8  # and for its reads
    answers_kept_bytes: kinds.TimesOrNone = 32_000_000  # in each process, of the app's answers
    statement_timeout_ms: kinds.Milliseconds = 15_000
    relay_sweep_seconds: Seconds = 1.0
    reactions_late_after_seconds: Seconds = (
        60.0  # what has waited longer is told in the log, `/readyz` and `longan status`
    )
    model_heartbeat_seconds: Seconds = 2.0  # no process serves a model for longer after another went live
    rescore_batch: kinds.Batch = 1_000  # people in one transaction of a rescore
    rescore_concurrency: kinds.Few = 1  # ranges of people that are rescored at the same time, over all workers
    rescore_share: Share = 0.25  # of the time in which each of them is at work; 1 where machines stand by for it
    rescore_told_per_second: kinds.PerSecond = (
        10.0  # how fast those whose points changed hear of it, and their tiers follow; also who moved by other rules
    )
    match_batch: kinds.Batch = 250  # people in one transaction of a sweep, which matches everybody
    match_concurrency: kinds.Few = 1  # ranges of people that are matched at the same time, over all workers
    match_share: Share = 0.25  # of the time in which each of them is at work; 1 where machines stand by for it
    day_batch: kinds.Batch = 100  # people in one transaction of a day, whose agreements are held as long
    day_concurrency: kinds.Few = 1  # ranges of people through which a day passes at the same time, over all workers
    day_share: Share = 0.5  # of the time in which each of them is at work; 1 where machines stand by for it
    day_late_after_seconds: Seconds = (
        7_200.0  # of a day; whom it has not reached then, `/readyz` and `longan status` tell
    )
    learning: Learning = Learning()
    explore_share: Annotated[float, Field(ge=0, le=0.10)] = (
        0.05  # of lists in which one product of further down is tried
    )
    explore_new_below: TimesOrNone = 200  # a product is new while it was shown less often than this in thirty days
    band_decided_min: Times = 100  # applications that must be decided before they, not a test, speak for an odds band

    master_keys: dict[kinds.KeyVersion, kinds.Key] = {}  # version -> base64 of 32 bytes; all of them open
    sealing_key: kinds.Version | None = None  # which of them seals; must be said where there are several
    index_key: kinds.Key | None = None  # base64 of 32 bytes; phone look-ups
    token_key: kinds.Key | None = None  # base64 of 32 bytes; signs access tokens
    evidence_key: kinds.Key | None = None  # base64 of 32 bytes; signs the heads of the evidence log
    location_folder: kinds.Folder | None = None  # of files in MaxMind's format, which tell where addresses are
    evidence_heads: kinds.Folder | None = None  # where they are kept besides, out of reach of the database's owner

    providers: dict[kinds.Name, ProviderCredentials] = {}
    link_redirects: list[addresses.Redirect] = []  # https addresses that a link may return to, besides longan://
    outgoing_allow: list[addresses.Authority] = []  # host:port of private addresses that we may call
    webhook_allow: list[addresses.Authority] = []  # host:port of private addresses that partners may be told at
    webhook_limits: WebhookLimits = WebhookLimits()

    sms_gateway: Literal["kept", "aliyun", "tencent", "twilio"] = "kept"
    sms: SmsCredentials = SmsCredentials()
    push: PushCredentials = PushCredentials()

    identity_register: Literal["sandbox", "aliyun"] = "sandbox"  # who says whose a name, a number or an account is
    registers: RegisterCredentials = RegisterCredentials()
    cashier: Literal["sandbox", "alipay", "wechat-pay"] = "sandbox"  # who collects what people pay from now on
    cashiers: CashierCredentials = CashierCredentials()
    passkey_origins: list[kinds.Filled] = []  # apps and pages beside `public_url` where passkeys are used
    identity_limits: IdentityLimits = IdentityLimits()
    statement_limits: StatementLimits = StatementLimits()

    trusted_proxies: list[kinds.Network] = []  # addresses or networks that may say in X-Forwarded-For for whom they ask
    proxy_hops: Annotated[int, Field(ge=1, le=10)] = 1  # how many of them stand one behind the other, at the most
    wider_network_times: Annotated[int, Field(ge=1, le=65_536)] = (
        4  # what an IPv6 /48 may do, in times of what a /64 may
    )
    local_share: Share = 0.25  # of a rate that each process allows while Valkey is away

    code_limits: CodeLimits = CodeLimits()  # the embedded default starts from GENEROUS
    code_numbers: CodeNumbers = CodeNumbers()
    request_limits: RequestLimits = RequestLimits()
    socket_limits: SocketLimits = SocketLimits()
    metrics_token: kinds.Token | None = (
        None  # whoever asks for `/metrics` shows it; production has no such door without it
    )
    connection_limits: ConnectionLimits = ConnectionLimits()
    introspection: bool | None = None  # the embedded default shows its schema, production hides it
    plain_get: bool | None = None  # by default the embedded one answers any query by GET, production only hashed ones
    allowed_origins: list[addresses.Origin] = []
    allowed_hosts: list[addresses.HostPattern] = []  # as api.example.com or *.example.com; none named is any
    hsts_seconds: TimesOrNone = 31_536_000  # that browsers keep to https, where `public_url` is that

    access_minutes: kinds.Minutes = 15
    refresh_days: kinds.Days = 60
    unlinked_counts_days: kinds.Days = 180  # how long debts and arrears count on after unlinking
    # Whom a first start of the embedded default makes up; 0: nobody.
    invented_people: Annotated[int, Field(ge=0, le=9_999)] = 500
    invented_seed: TimesOrNone = 7  # the same seed makes up the same people

    currency: kinds.Currency = "CNY"
    # The most that lending may cost a year: the law's cap, or a lower one of this house.
    cost_cap: Annotated[Decimal, Field(gt=0, le=Decimal("0.24"))] = Decimal("0.24")
    partner_questions_a_day: Times = 40  # different changes that a partner may rehearse
    # Minor units: what may be accepted before an identity is checked, and above which a person proves it once more.
    unchecked_most: dict[kinds.Currency, kinds.Minor] = {"CNY": 500_000}
    step_up_above: dict[kinds.Currency, kinds.Minor] = {"CNY": 2_000_000}
    lookup_prices: dict[str, kinds.Minor] = {"CHECK": 50, "REPORT": 200}  # of each that is charged, of `currency`
    payment_unsure_hours: kinds.Few = 24  # that a cashier may not know of a payment; then it is asked to close it
    promise_threshold: dict[kinds.Currency, kinds.Minor] = {"CNY": 600_000}  # minor units
    time_zone: kinds.TimeZone = "Asia/Shanghai"

    @property
    def is_embedded(self) -> bool:
        return self.environment == "embedded"

    @property
    def migrations_url(self) -> str | None:
        """Past a pooler: migrations keep a lock for the length of a session, and make indexes beside transactions."""
        return self.database_direct_url or self.database_url

    @property
    def shows_schema(self) -> bool:
        return self.is_embedded if self.introspection is None else self.introspection

    @property
    def allows_plain_get(self) -> bool:
        return self.is_embedded if self.plain_get is None else self.plain_get

    @model_validator(mode="after")
    def embedded_is_generous(self) -> Self:
        if self.is_embedded and "code_limits" not in self.model_fields_set:
            self.code_limits = GENEROUS
        return self

    @model_validator(mode="after")
    def gateway_is_known(self) -> Self:
        needed = (name for name in SMS_NEEDS[self.sms_gateway] if getattr(self.sms, name) is None)
        if missing := [f"LONGAN_SMS__{name.upper()}" for name in needed]:
            raise ValueError(f"the SMS gateway {self.sms_gateway} needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def register_is_known(self) -> Self:
        needed = ("access_key_id", "access_key_secret") if self.identity_register == "aliyun" else ()
        if missing := [f"LONGAN_REGISTERS__{name.upper()}" for name in needed if getattr(self.registers, name) is None]:
            raise ValueError(f"the register {self.identity_register} needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def cashier_is_known(self) -> Self:
        name = self.cashier.replace("-", "_")
        if self.cashier != "sandbox" and getattr(self.cashiers, name) is None:
            raise ValueError(
                f"the cashier {self.cashier} needs settings that begin with LONGAN_CASHIERS__{name.upper()}"
            )
        return self

    @model_validator(mode="after")
    def pushes_are_whole(self) -> Self:
        for needs in PUSH_NEEDS.values():
            missing = [f"LONGAN_PUSH__{name.upper()}" for name in needs if getattr(self.push, name) is None]
            if 0 < len(missing) < len(needs):
                raise ValueError(f"{', '.join(missing)} is missing")
        return self

    @model_validator(mode="after")
    def keys_come_together(self) -> Self:
        """Refuse some of the keys without the others: what was sealed under `var/` and what the settings say would be mixed."""
        keys = {"MASTER_KEYS": self.master_keys, "INDEX_KEY": self.index_key, "TOKEN_KEY": self.token_key}
        missing = [f"LONGAN_{name}" for name, key in keys.items() if not key]
        if self.is_embedded and 0 < len(missing) < len(keys):
            raise ValueError(f"keys are given all or none: {', '.join(missing)} is missing")
        return self

    @model_validator(mode="after")
    def one_key_seals(self) -> Self:
        """A new key must be known to every machine before any seals with it, so knowing one is not enough to seal with it."""
        versions = sorted(int(version) for version in self.master_keys)
        if len(versions) > 1 and self.sealing_key is None:
            raise ValueError(f"LONGAN_SEALING_KEY should say which of the master keys {_listed(versions)} seals")
        if versions and self.sealing_key not in {None, *versions}:
            raise ValueError(f"LONGAN_SEALING_KEY should be one of the master keys, which are {_listed(versions)}")
        return self

    @model_validator(mode="after")
    def a_pooler_has_a_way_past_it(self) -> Self:
        if self.database_pooled and not self.database_direct_url:
            raise ValueError("LONGAN_DATABASE_DIRECT_URL should name the way past the pooler, for migrations")
        return self

    @model_validator(mode="after")
    def production_is_complete(self) -> Self:
        if self.is_embedded:
            return self
        names = ("database_url", "valkey_url", "master_keys", "index_key", "token_key")
        missing = [f"LONGAN_{name.upper()}" for name in names if not getattr(self, name)]
        if self.sms_gateway == "kept":
            missing.append("LONGAN_SMS_GATEWAY (a real one: kept messages are for the embedded default)")
        if self.identity_register == "sandbox":
            missing.append("LONGAN_IDENTITY_REGISTER (a real one: the sandbox believes everybody)")
        if self.cashier == "sandbox":
            missing.append("LONGAN_CASHIER (a real one: the sandbox has no money)")
        if missing:
            raise ValueError("a production configuration needs " + ", ".join(missing))
        return self


def _listed(versions: list[int]) -> str:
    return ", ".join(map(str, versions))


@cache
def settings() -> Settings:
    """This process's settings. Ones that are wrong end the process, each with a sentence that names it, not its value."""
    try:
        return Settings()
    except REFUSED as error:
        raise does_not_start(sentences(error)) from None
