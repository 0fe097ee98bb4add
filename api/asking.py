"""What an endpoint asks of whoever uses it, noted where the table of permissions finds it."""

from collections.abc import Callable
from typing import TypeVar

from domain.permissions import Permission

T = TypeVar("T")


def asks(permission: Permission) -> Callable[[T], T]:
    """Note it on the endpoint; whoever notes it does the asking too."""

    def note(endpoint: T) -> T:
        endpoint.permission = permission  # type: ignore[attr-defined]
        return endpoint

    return note


def asked_by(endpoint: object) -> Permission | None:
    return getattr(endpoint, "permission", None)
