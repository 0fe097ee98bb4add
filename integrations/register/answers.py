"""What a register is asked, and the three ways in which it answers: yes, no, and that it does not know."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Attestation(StrEnum):
    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"  # it has no record; asking again brings no other answer


class RegisterAway(Exception):
    """Nothing was answered: a later question may be. `reason` is a short code for logs, without anything personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Resident:
    name: str = field(repr=False)
    id_number: str = field(repr=False)


class Register(Protocol):
    """Each raises RegisterAway where nothing was answered. Phones are E.164."""

    async def is_owner(self, person: Resident, phone: str) -> Attestation:
        """Whether name and number are one person's, and the phone is that person's too."""

    async def has_new_owner(self, phone: str, since: datetime) -> Attestation:
        """Whether the phone was given to somebody else after `since`."""

    async def is_holder(self, person: Resident, kind: str, number: str) -> Attestation:
        """Whether the account of this kind and number is the person's."""
