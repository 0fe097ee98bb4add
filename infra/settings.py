"""Every setting, with its default, read from `LONGAN_*` variables, `.env`, or a secrets folder."""

from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProviderCredentials(BaseModel):
    """What an account provider gave us when we registered there. `issuer` is for OpenID Connect providers."""

    client_id: str
    client_secret: SecretStr = SecretStr("")
    issuer: str | None = None
    name: str | None = None
    private_key: SecretStr | None = None
    public_key: str | None = None
    scope: str | None = None


class Rate(BaseModel):
    """At most `times` in `seconds`."""

    times: int
    seconds: int


class CodeLimits(BaseModel):
    """How often a sign-in code may be asked for, and how many wrong ones may be answered.

    `..._per_phone` and `per_phone` are of one number from one place (a device, or a network); a place is known to a number
    where somebody has signed in to it from there, and strange otherwise.
    """

    resend_seconds: int = 60
    per_phone: Rate = Rate(times=5, seconds=3600)
    per_phone_of_strangers: Rate = Rate(times=10, seconds=3600)
    per_ip: Rate = Rate(times=30, seconds=3600)
    per_prefix: Rate = Rate(times=500, seconds=3600)
    per_country: Rate = Rate(times=20_000, seconds=3600)
    failures_per_phone: Rate = Rate(times=15, seconds=86_400)
    failures_of_strangers: Rate = Rate(times=50, seconds=86_400)
    failures_of_known: Rate = Rate(times=50, seconds=86_400)


# One machine plays many people there, and asks again at once.
GENEROUS = CodeLimits(
    resend_seconds=0,
    per_phone=Rate(times=60, seconds=3600),
    per_phone_of_strangers=Rate(times=120, seconds=3600),
    per_ip=Rate(times=20_000, seconds=3600),
    per_prefix=Rate(times=20_000, seconds=3600),
    per_country=Rate(times=100_000, seconds=3600),
    failures_per_phone=Rate(times=100, seconds=86_400),
    failures_of_strangers=Rate(times=100, seconds=86_400),
    failures_of_known=Rate(times=100, seconds=86_400),
)


class CodeNumbers(BaseModel):
    """Which numbers get a code: kinds as libphonenumber names them, countries as ISO 3166-1 does; none named is all."""

    types: list[str] = ["MOBILE", "FIXED_LINE_OR_MOBILE"]
    countries: list[str] = []


class RequestLimits(BaseModel):
    """What one GraphQL request may ask of us; `visitor_...` is for whoever has not signed in."""

    body_bytes: int = 200_000
    document_bytes: int = 24_000
    tokens: int = 2_000
    visitor_tokens: int = 1_000
    depth: int = 15
    aliases: int = 30
    fields: int = 2_000  # with every fragment opened
    namesakes: int = 50  # fields of one name in one place, with every fragment opened
    values: int = 5_000  # in the variables
    cost: int = 20_000
    cost_per_minute: int = 2_000_000
    visitor_cost: int = 2_500
    visitor_cost_per_minute: int = 200_000


class SocketLimits(BaseModel):
    """How many sockets and subscriptions one process keeps open, and how long it waits for who says nothing."""

    per_address: int = 200
    per_person: int = 10
    subscriptions_per_socket: int = 20
    subscriptions_per_person: int = 60
    messages_per_minute: int = 600
    visitor_bytes: int = 64_000  # of one message before sign-in; afterwards it is `body_bytes`
    init_seconds: float = 5.0  # for `connection_init`
    look_again_seconds: float = 10.0  # whether the session still lives, where no bell rang


class ConnectionLimits(BaseModel):
    """What one connection may hold of us, whatever is said over it."""

    per_address: int = 500  # in one process; a proxy that is trusted may have as many as it likes
    request_seconds: float = 15.0  # until all of a request has arrived
    unread_seconds: float = 30.0  # until a client takes any more of its answer
    head_bytes: int = 64_000  # of a request besides its body
    headers: int = 100
    pipelined: int = 8


class Learning(BaseModel):
    """What the matcher learns from of the log of what was shown, and how much of it there must be."""

    judged_after_days: int = 14  # who has not applied by then did not want it
    looks_back_days: int = 365
    impressions_min: int = 1_000
    impressions_max: int = 500_000  # the newest; more would take longer than a task may
    applied_min: int = 100
    decided_min: int = 100


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="LONGAN_", env_nested_delimiter="__", env_file=".env", extra="ignore", secrets_dir=None
    )

    environment: Literal["embedded", "production"] = "embedded"
    var: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    log_level: str = "INFO"

    database_url: str | None = None  # production; the embedded default makes its own
    valkey_url: str | None = None
    broker_url: str | None = None  # the Valkey above, unless a RabbitMQ is named
    database_pool: int = 20
    statement_timeout_ms: int = 15_000
    relay_sweep_seconds: float = 1.0
    reactions_late_after_seconds: float = (
        60.0  # what has waited longer is told in the log, `/readyz` and `longan status`
    )
    model_heartbeat_seconds: float = 2.0  # no process serves a model for longer after another went live
    rescore_batch: int = 250  # people in one transaction of a rescore
    rescore_concurrency: int = 1  # ranges of people that are rescored at the same time, over all workers
    rescore_share: float = 0.25  # of the time in which each of them is at work; 1 where machines stand by for it
    rescore_told_per_second: float = 10.0  # how fast those whose points changed hear of it, and their tiers follow
    match_batch: int = 250  # people in one transaction of a sweep, which matches everybody
    match_concurrency: int = 1  # ranges of people that are matched at the same time, over all workers
    match_share: float = 0.25  # of the time in which each of them is at work; 1 where machines stand by for it
    learning: Learning = Learning()
    explore_share: float = Field(default=0.05, ge=0, le=0.10)  # of lists in which one product of further down is tried
    explore_new_below: int = 200  # a product is new while it was shown less often than this in thirty days
    band_decided_min: int = 100  # applications that must be decided before they, not a test, speak for an odds band

    master_keys: dict[str, SecretStr] = {}  # version -> base64 of 32 bytes; the highest version seals, all open
    index_key: SecretStr | None = None  # base64 of 32 bytes; phone look-ups
    token_key: SecretStr | None = None  # base64 of 32 bytes; signs access tokens

    providers: dict[str, ProviderCredentials] = {}
    link_redirects: list[str] = []  # https addresses that a link may return to, besides longan://
    outgoing_allow: list[str] = []  # host:port of private addresses that we may call

    sms_gateway: Literal["kept", "aliyun", "tencent", "twilio"] = "kept"
    sms: dict[str, SecretStr] = {}

    trusted_proxies: list[str] = []  # addresses or networks that may say in X-Forwarded-For for whom they ask
    proxy_hops: int = Field(default=1, ge=1, le=10)  # how many of them stand one behind the other, at the most
    wider_network_times: int = Field(default=4, ge=1)  # what an IPv6 /48 may do, in times of what a /64 may
    local_share: float = Field(default=0.25, gt=0, le=1)  # of a rate that each process allows while Valkey is away

    code_limits: CodeLimits = CodeLimits()  # the embedded default starts from GENEROUS
    code_numbers: CodeNumbers = CodeNumbers()
    request_limits: RequestLimits = RequestLimits()
    socket_limits: SocketLimits = SocketLimits()
    metrics_token: SecretStr | None = (
        None  # whoever asks for `/metrics` shows it; production has no such door without it
    )
    connection_limits: ConnectionLimits = ConnectionLimits()
    introspection: bool | None = None  # the embedded default shows its schema, production hides it
    plain_get: bool | None = None  # by default the embedded one answers any query by GET, production only hashed ones
    allowed_origins: list[str] = []
    allowed_hosts: list[
        str
    ] = []  # names that a request may be for, as api.example.com or *.example.com; none named is any
    hsts_seconds: int = Field(default=31_536_000, ge=0)  # that browsers keep to https, where `public_url` is that

    access_minutes: int = 15
    refresh_days: int = 60
    unlinked_counts_days: int = Field(default=180, ge=1)  # how long debts and arrears count on after unlinking
    # Whom a first start of the embedded default makes up; 0: nobody.
    invented_people: int = Field(default=500, ge=0, le=9_999)
    invented_seed: int = Field(default=7, ge=0)  # the same seed makes up the same people

    currency: str = "CNY"
    partner_questions_a_day: int = 40  # different changes that a partner may rehearse
    promise_threshold: dict[str, int] = Field(default={"CNY": 600_000})  # minor units
    time_zone: str = "Asia/Shanghai"

    @property
    def is_embedded(self) -> bool:
        return self.environment == "embedded"

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
    def production_is_complete(self) -> Self:
        if self.environment == "embedded":
            return self
        names = ("database_url", "valkey_url", "master_keys", "index_key", "token_key")
        missing = [f"LONGAN_{name.upper()}" for name in names if not getattr(self, name)]
        if self.sms_gateway == "kept":
            missing.append("LONGAN_SMS_GATEWAY (a real one: kept messages are for the embedded default)")
        if missing:
            raise ValueError("a production configuration needs " + ", ".join(missing))
        return self


@cache
def settings() -> Settings:
    """This process's settings. One that is wrong ends the process with a sentence that names it, not its value."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = ["_".join(str(part) for part in each["loc"]).upper() for each in error.errors(include_input=False)]
        reasons = [each["msg"].removeprefix("Value error, ") for each in error.errors(include_input=False)]
        told = [f"LONGAN_{name}: {reason}" if name else reason for name, reason in zip(wrong, reasons, strict=True)]
        raise SystemExit("Longan does not start: " + "; ".join(told)) from None
