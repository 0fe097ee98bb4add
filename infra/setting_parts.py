"""How much of something is allowed, and other settings that belong together."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from infra import setting_kinds as kinds
from infra.setting_kinds import Seconds, Times


class Part(BaseModel):
    """Settings that belong together. One that it does not know is a slip of the pen, and refused."""

    model_config = ConfigDict(extra="forbid")


class Rate(Part):
    """A limit: at most `times` in `seconds`."""

    times: Times
    seconds: kinds.WholeSeconds

    def widened(self, by: int) -> "Rate":
        """The rate so many times as often, which may be more than anybody may set."""
        return self.model_copy(update={"times": by * self.times})


class CodeLimits(Part):
    """How often a sign-in code may be asked for, and how many wrong ones may be answered.

    `..._per_phone` and `per_phone` are of one number from one place (a device, or a network); a place is known to a number
    where somebody has signed in to it from there, and strange otherwise. `per_ip`, `per_prefix` and `per_country` are for
    strange places, for known networks and for known devices each: strangers use up nobody else's.
    """

    resend_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    per_phone: Rate = Rate(times=5, seconds=3600)
    per_phone_of_strangers: Rate = Rate(times=10, seconds=3600)
    per_ip: Rate = Rate(times=30, seconds=3600)
    per_prefix: Rate = Rate(times=500, seconds=3600)
    per_country: Rate = Rate(times=20_000, seconds=3600)
    failures_per_phone: Rate = Rate(times=15, seconds=86_400)
    failures_of_strangers: Rate = Rate(times=40, seconds=86_400)
    failures_of_networks: Rate = Rate(times=30, seconds=86_400)
    failures_of_devices: Rate = Rate(times=30, seconds=86_400)


class IdentityLimits(Part):
    """How often an identity is verified: by one person, and with one id number from all accounts."""

    per_person: Rate = Rate(times=5, seconds=86_400)
    per_number: Rate = Rate(times=10, seconds=86_400)


class StatementLimits(Part):
    """How many bills one person may send, and how many of theirs are read at a time."""

    per_person: Rate = Rate(times=20, seconds=86_400)
    at_once: Times = 2


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
    failures_of_networks=Rate(times=100, seconds=86_400),
    failures_of_devices=Rate(times=100, seconds=86_400),
)


class CodeNumbers(Part):
    """Which numbers get a code: kinds as libphonenumber names them, countries as ISO 3166-1 does; none named is all."""

    types: list[kinds.NumberType] = ["MOBILE", "FIXED_LINE_OR_MOBILE"]
    countries: list[kinds.Country] = []


class RequestLimits(Part):
    """What one GraphQL request may ask of us; `visitor_...` is for whoever has not signed in."""

    body_bytes: Times = 250_000
    document_bytes: Times = 24_000
    tokens: Times = 2_000
    visitor_tokens: Times = 1_000
    depth: Times = 15
    aliases: Times = 30
    fields: Times = 2_000  # with every fragment opened
    namesakes: Times = 50  # fields of one name in one place, with every fragment opened
    values: Times = 12_000  # in the variables
    visitor_values: Times = 5_000
    cost: Times = 20_000
    cost_per_minute: Times = 2_000_000
    client_cost_per_minute: Times = 600_000  # of each of a partner's clients
    client_cost_per_burst: Times = 60_000  # at once, in one process; what is more waits its time
    client_requests_per_minute: Times = 12_000
    visitor_cost: Times = 2_500
    visitor_cost_per_minute: Times = 200_000
    visitor_cost_per_burst: Times = 12_000  # at once, of one network in one process; what is more waits its time
    visitor_requests_per_minute: Times = (
        1_200  # for pages and tokens, of one network in one process; more waits its time
    )
    visitor_requests_per_burst: Times = 60  # so many of them at once
    at_once_per_address: Times = 4  # in one process, of whoever shows no token of ours; others wait
    at_once_per_person: Times = 4  # or partner's client, in one process, wherever they are


class SocketLimits(Part):
    """How many sockets and subscriptions one process keeps open, and how long it waits for who says nothing."""

    per_address: Times = 200
    per_person: Times = 10
    subscriptions_per_socket: Times = 20
    subscriptions_per_person: Times = 60
    messages_per_minute: Times = 600
    visitor_bytes: Times = 64_000  # of one message before sign-in; afterwards it is `body_bytes`
    init_seconds: Seconds = 5.0  # for `connection_init`
    look_again_seconds: Seconds = 10.0  # whether the session still lives, where no bell rang


class ConnectionLimits(Part):
    """What one connection may hold of us, whatever is said over it."""

    per_address: Times = 500  # in one process; a proxy that is trusted may have as many as it likes
    request_seconds: Seconds = 15.0  # until all of a request has arrived
    unread_seconds: Seconds = 30.0  # until a client takes any more of its answer
    head_bytes: Times = 64_000  # of a request besides its body
    headers: Times = 100
    pipelined: Times = 8


class WebhookLimits(Part):
    """How much one sender of webhooks does at once, and how long it waits for the head of an answer."""

    at_once: Times = 400
    at_once_per_endpoint: Times = 10
    answer_seconds: Annotated[float, Field(ge=0.1, le=20, allow_inf_nan=False)] = 10.0


class Learning(Part):
    """What the matcher learns from of the log of what was shown, and how much of it there must be."""

    judged_after_days: kinds.Days = 14  # who has not applied by then did not want it
    looks_back_days: kinds.Days = 365
    impressions_min: Times = 1_000
    impressions_max: Times = 500_000  # the newest; more would take longer than a task may
    applied_min: Times = 100
    decided_min: Times = 100
