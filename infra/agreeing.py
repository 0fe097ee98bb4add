"""Settings that all processes of a house must share: each says a mark of them to the database, so that a difference shows."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from pydantic import SecretStr

from infra.settings import Settings

# A group of settings, by the letter that its mark begins with.
SHARED: Mapping[str, tuple[str, ...]] = {
    "keys": ("master_keys", "sealing_key", "index_key", "token_key", "evidence_key"),
    "money": (
        *("currency", "cost_cap", "promise_threshold", "time_zone", "unlinked_counts_days"),
        *("unchecked_most", "step_up_above", "lookup_prices", "payment_unsure_hours"),
    ),
    "doors": (
        *(
            "environment",
            "public_url",
            "allowed_hosts",
            "allowed_origins",
            "hsts_seconds",
            "introspection",
            "plain_get",
        ),
        *("trusted_proxies", "proxy_hops", "metrics_token", "access_minutes", "refresh_days", "passkey_origins"),
    ),
    "limits": (
        *("code_limits", "code_numbers", "request_limits", "socket_limits", "connection_limits"),
        *("wider_network_times", "local_share", "partner_questions_a_day", "identity_limits", "webhook_limits"),
        "statement_limits",
    ),
    "others": (
        *("providers", "link_redirects", "outgoing_allow", "sms_gateway", "sms", "push"),
        *("identity_register", "registers", "webhook_allow", "cashier", "cashiers"),
    ),
    "work": (
        *("rescore_batch", "rescore_concurrency", "rescore_share", "rescore_told_per_second"),
        *("match_batch", "match_concurrency", "match_share", "learning", "band_decided_min"),
        *("day_batch", "day_concurrency", "day_share", "day_late_after_seconds"),
        *("explore_share", "explore_new_below", "reactions_late_after_seconds", "statement_timeout_ms"),
    ),
}
# Of a machine, or of a program on it.
ONES_OWN = (
    *("var", "host", "port", "log_level", "relay_sweep_seconds", "model_heartbeat_seconds", "database_pool"),
    *("database_read_pool", "processes", "answers_kept_bytes", "evidence_heads", "location_folder"),
    *("database_url", "database_direct_url", "database_pooled", "valkey_url", "broker_url"),
    *("invented_people", "invented_seed"),
)
NAME = "longan"


def mark(settings: Settings) -> str:
    """What a connection calls itself, as `longan k1a2b m3c4d ...`. So few digits tell nothing of a secret."""
    return " ".join([NAME, *(f"{group[0]}{_digest(settings, names)}" for group, names in SHARED.items())])


def differing(own: str, others: Iterable[str]) -> list[str]:
    """The groups in which others differ; what is no mark says nothing."""
    mine = own.split()
    marks = [each.split() for each in others]
    known = [each for each in marks if each[:1] == [NAME] and len(each) == len(mine)]
    return [group for place, group in enumerate(SHARED, 1) if any(each[place] != mine[place] for each in known)]


def _digest(settings: Settings, names: Iterable[str]) -> str:
    said = {name: getattr(settings, name) for name in names}
    plain = orjson.dumps(said, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(plain).hexdigest()[:4]


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return dict(value) if hasattr(value, "model_fields_set") else str(value)
