"""Who somebody is at a provider, as linking needs to know it."""

from datetime import datetime
from typing import Protocol

from infra.entity import Json


class ProviderIdentity(Protocol):
    """Who somebody is at a provider."""

    @property
    def subject(self) -> str: ...
    @property
    def union_id(self) -> str | None: ...
    @property
    def family(self) -> str: ...  # whose accounts the union id tells apart
    @property
    def display_name(self) -> str | None: ...
    @property
    def tokens(self) -> Json: ...
    @property
    def scopes(self) -> list[str]: ...
    @property
    def renew_at(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
