"""Odds bands that keep their word: what each said, and how often the people in it were really approved."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from domain.matching.matcher import OddsBand
from infra.entity import Entity


class BandStanding(StrEnum):
    """GATHERING: too few were decided yet, so the model's own test speaks."""

    GATHERING = "GATHERING"
    KEPT = "KEPT"
    WITHDRAWN = "WITHDRAWN"


class BandRecord(Entity):
    """What was decided on applications that followed from a match in this band of this model."""

    __tablename__ = "band_records"

    model_version: Mapped[str] = mapped_column(primary_key=True)
    odds_band: Mapped[OddsBand] = mapped_column(primary_key=True)
    approved: Mapped[int]
    decided: Mapped[int]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    standing: Mapped[BandStanding]
    changed_at: Mapped[datetime]  # when the standing changed last
