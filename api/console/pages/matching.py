"""The live matcher: by which weights it orders, and whether its odds keep their word."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from domain.matching import basis
from domain.matching.matcher import OddsBand, matcher
from domain.matching.odds import bands
from domain.matching.odds.bands import BandBasis, BandEvidence
from domain.matching.odds.reliability import PROMISES, BandStanding
from domain.permissions import Permission
from infra.database import reading
from infra.settings import settings
from infra.words import N_
from ml.live import approvals
from ml.live.approvals import MoveKind
from ml.live.store import ModelKind

MOVES_SHOWN = 5
BANDS = {
    OddsBand.VERY_HIGH: N_("Very high"),
    OddsBand.HIGH: N_("High"),
    OddsBand.MEDIUM: N_("Medium"),
    OddsBand.LOW: N_("Low"),
}
MOVES = {
    MoveKind.PROMOTED: N_("Went live"),
    MoveKind.ROLLED_BACK: N_("Rolled back"),
    MoveKind.CHALLENGED: N_("Began to challenge"),
    MoveKind.WITHDRAWN: N_("Was withdrawn"),
}
STANDINGS = {
    BandStanding.GATHERING: N_("Tested, not yet observed"),
    BandStanding.KEPT: N_("Keeps its word"),
    BandStanding.WITHDRAWN: N_("Withdrawn"),
}
NO_EVIDENCE = N_("No evidence yet")
VERDICTS = {BandStanding.GATHERING: "few", BandStanding.KEPT: "fine", BandStanding.WITHDRAWN: "stop"}


def standing_of(evidence: BandEvidence) -> str:
    """What is known of these odds by now; a test with many decided is not a word that was kept."""
    return NO_EVIDENCE if evidence.basis is BandBasis.NONE else STANDINGS[evidence.standing]


@requires(Permission.WATCH_MODELS)
async def matching_page(request: Request, visit: StaffVisit) -> Response:
    live = matcher()
    async with reading() as db:
        await basis.keep_up(db)
        evidence = await bands.evidence_of(db, live)
        moves = await approvals.moves(db, ModelKind.MATCH, MOVES_SHOWN)
    return page(
        request,
        "matching.html",
        version=live.model_version,
        is_simulated=live.is_simulated,
        weights=live.weights,
        evidence=[(band, evidence[band], PROMISES[band]) for band in OddsBand],
        bands=BANDS,
        standing_of=standing_of,
        verdicts=VERDICTS,
        moves=moves,
        moved=MOVES,
        explored=settings().explore_share,
    )


routes: list[Route] = [
    Route("/console/matching", matching_page),
]
