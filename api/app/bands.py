"""What stands behind an odds band, as the app shows it."""

from datetime import datetime

import strawberry

from api.graphql.context import Info
from api.graphql.showing import shows
from domain.matching.odds import bands
from domain.matching.odds.bands import BandBasis
from domain.matching.odds.reliability import BandStanding
from infra.words import say


@shows(bands.BandEvidence, description="How often people with these odds were really approved, and how that is known.")
class BandEvidence:
    basis: BandBasis
    standing: BandStanding
    approval_rate: float | None
    approved: int
    decided: int
    since: datetime | None
    until: datetime | None

    @strawberry.field(description="Whether it was measured on simulated people only.")
    def simulated(root: strawberry.Parent[bands.BandEvidence]) -> bool:
        return bool(root.is_simulated)

    @strawberry.field
    def message(root: strawberry.Parent[bands.BandEvidence], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)
