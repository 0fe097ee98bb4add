"""The domain's enumerations, as the schemas show them."""

import strawberry

from domain.applications.applications import ApplicationStatus
from domain.applications.decisions import DecisionOutcome
from domain.consent.consents import ConsentScope, Purpose
from domain.credit.grades import Grade
from domain.credit.scores import ScoringState
from domain.facts.accounts import LinkStatus
from domain.market.products import DecisionMode, ProductKind, ProductStatus
from domain.matching.matcher import OddsBand
from domain.matching.odds.bands import BandBasis
from domain.matching.odds.reliability import BandStanding
from domain.people.profiles import IdentityStatus
from infra.errors import RefusalCode

for _enum in (
    ApplicationStatus,
    BandBasis,
    BandStanding,
    ConsentScope,
    DecisionMode,
    DecisionOutcome,
    Grade,
    IdentityStatus,
    LinkStatus,
    OddsBand,
    ProductKind,
    ProductStatus,
    Purpose,
    RefusalCode,
    ScoringState,
):
    strawberry.enum(_enum)
