"""Whether a person's matches may be ranked by what is known of him."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from infra.entity import Entity, OwnerId


class MatchPreference(Entity):
    """No row: personal, as everybody begins."""

    __tablename__ = "match_preferences"

    user_id: Mapped[OwnerId]
    is_personal: Mapped[bool]
    changed_at: Mapped[datetime]
