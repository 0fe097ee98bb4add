"""What every connection to Postgres is told when it begins."""

from typing import Any
from uuid import uuid4

from infra import agreeing
from infra.settings import Settings


def limits(s: Settings) -> dict[str, str]:
    """What ends a statement, a wait for a lock, and a transaction that its process forgot."""
    return {
        "statement_timeout": str(s.statement_timeout_ms),
        "lock_timeout": "10000",
        "idle_in_transaction_session_timeout": "30000",
    }


def session_settings(s: Settings, *, read_only: bool = False) -> dict[str, Any]:
    """A pooler in transaction mode takes no limits from its clients, so the role has them there; and what was prepared in
    one transaction is on another server in the next, so nothing is kept, and no two names are the same."""
    named = {"application_name": agreeing.mark(s), "timezone": "UTC"}
    if not s.database_pooled:
        reads = {"default_transaction_read_only": "on"} if read_only else {}
        return {"server_settings": named | limits(s) | reads}
    return {
        "server_settings": named,
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"longan_{uuid4().hex}",
    }
