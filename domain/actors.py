"""Who asks: a user on a device, a partner's server, or a member of staff."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True)
class UserActor:
    user_id: UUID
    session_id: UUID

    @property
    def name(self) -> str:
        """The scope of this actor's idempotency keys."""
        return f"user:{self.user_id}"


@dataclass(frozen=True)
class PartnerActor:
    partner_id: UUID
    client_id: str

    @property
    def name(self) -> str:
        return f"partner:{self.partner_id}"


class Role(StrEnum):
    MARKETING = "marketing"
    APPROVER = "approver"
    RISK = "risk"
    VIEWER = "viewer"


@dataclass(frozen=True)
class StaffActor:
    staff_id: UUID
    role: Role

    @property
    def name(self) -> str:
        return f"staff:{self.staff_id}"


Actor = UserActor | PartnerActor | StaffActor
