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
    basis: BandBasis = strawberry.field(description="What it is known from.")
    standing: BandStanding = strawberry.field(description="Whether the band keeps what it promises.")
    approval_rate: float | None = strawberry.field(
        description="`approved` of `decided`, 0 to 1; null where none was decided."
    )
    approved: int = strawberry.field(description="How many applications were approved.")
    decided: int = strawberry.field(description="How many applications were decided.")
    since: datetime | None = strawberry.field(
        description="When the first of them was decided; null where that is not known."
    )
    until: datetime | None = strawberry.field(
        description="When the last of them was decided; null where that is not known."
    )

    @strawberry.field(description="Whether it was measured on simulated people only.")
    def simulated(root: strawberry.Parent[bands.BandEvidence]) -> bool:
        return bool(root.is_simulated)

    @strawberry.field(description="The same as a sentence for the person.")
    def message(root: strawberry.Parent[bands.BandEvidence], info: Info) -> str:
        return say(root.message, info.context.locale, **root.values)
