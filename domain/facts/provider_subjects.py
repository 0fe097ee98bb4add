"""ProviderSubject: whose an account at a provider is."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.entity import Entity
from infra.privacy import Erasure, Export, Privacy


class ProviderSubject(Entity):
    """Whose an account at a provider is, by blind index of its id and of its union id: nobody's account serves two people."""

    __tablename__ = "provider_subjects"
    __privacy__ = Privacy(Export.WITHHELD, Erasure.DELETED)

    provider: Mapped[str] = mapped_column(primary_key=True)
    subject_index: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(index=True)
    account_id: Mapped[UUID]

    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "account_id"], ["linked_accounts.user_id", "linked_accounts.id"], ondelete="CASCADE"
        ),
    )
