"""Who asks: a user on a device, a partner's server or one of its staff, or a member of ours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from domain.permissions import ALLOWS, MAY, MEMBERS_MAY, MEMBERS_SEE_AS, WITH_ONE_CONSENT, Permission, Role, Scope
from infra.errors import Refusal, RefusalCode
from infra.words import N_

__all__ = ["Actor", "KnownActor", "MemberActor", "PartnerActor", "Role", "StaffActor", "UserActor", "may"]


@dataclass(frozen=True)
class UserActor:
    """`recovering_until`: before this they may look, and change nothing."""

    user_id: UUID
    session_id: UUID
    recovering_until: datetime | None = None

    @property
    def name(self) -> str:
        """The scope of this actor's idempotency keys."""
        return f"user:{self.user_id}"

    def may(self, permission: Permission) -> bool:
        return permission is Permission.SIGNED_IN


@dataclass(frozen=True)
class PartnerActor:
    """`consent_id`: of a token that came of one consent, which asks with that consent and does nothing else."""

    partner_id: UUID
    client_id: str
    scopes: frozenset[Scope] = frozenset(Scope)
    consent_id: UUID | None = None

    @property
    def name(self) -> str:
        return f"partner:{self.partner_id}"

    def may(self, permission: Permission) -> bool:
        if self.consent_id is not None and permission not in WITH_ONE_CONSENT:
            return False
        return any(permission in ALLOWS[scope] for scope in self.scopes)


@dataclass(frozen=True)
class StaffActor:
    staff_id: UUID
    role: Role

    @property
    def name(self) -> str:
        return f"staff:{self.staff_id}"

    def may(self, permission: Permission) -> bool:
        return permission in MAY[self.role]

    def require(self, permission: Permission) -> None:
        """Refuses NOT_ALLOWED what their role does not allow."""
        if not self.may(permission):
            raise Refusal(RefusalCode.NOT_ALLOWED, N_("Your role does not allow this."))


@dataclass(frozen=True)
class MemberActor:
    """Somebody of a partner's own staff, who looks on at `/partner`."""

    staff_id: UUID
    partner_id: UUID

    @property
    def name(self) -> str:
        return f"staff:{self.staff_id}"

    def may(self, permission: Permission) -> bool:
        return permission in MEMBERS_MAY

    @property
    def partner(self) -> PartnerActor:
        """Through whose eyes they look."""
        return PartnerActor(self.partner_id, self.name, MEMBERS_SEE_AS)


Actor = UserActor | PartnerActor | StaffActor
A_co = TypeVar("A_co", bound=Actor, covariant=True)


@dataclass(frozen=True)
class KnownActor(Generic[A_co]):
    """Who shows a token, found at this moment, and everybody's revision then."""

    actor: A_co
    at: datetime
    everybodys: int | None


def may(actor: Actor | None, permission: Permission) -> bool:
    """Whether whoever asks, somebody or nobody, may do this."""
    return permission is Permission.PUBLIC or (actor is not None and actor.may(permission))
