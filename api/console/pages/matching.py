"""The live matcher: by which weights it orders, and whether its odds keep their word."""

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages.desks import Desk, requires
from api.console.pages.rendering import page
from domain.matching import basis
from domain.matching.matcher import OddsBand, matcher
from domain.matching.odds import bands
from domain.matching.odds.reliability import PROMISES, BandStanding
from domain.permissions import Permission
from infra.database import reading
from infra.settings import settings
from infra.words import N_
from ml.live import approvals
from ml.live.approvals import Move
from ml.live.store import Kind

MOVES_SHOWN = 5
BANDS = {
    OddsBand.VERY_HIGH: N_("Very high"),
    OddsBand.HIGH: N_("High"),
    OddsBand.MEDIUM: N_("Medium"),
    OddsBand.LOW: N_("Low"),
}
MOVES = {
    Move.PROMOTED: N_("Went live"),
    Move.ROLLED_BACK: N_("Rolled back"),
    Move.CHALLENGED: N_("Began to challenge"),
    Move.WITHDRAWN: N_("Was withdrawn"),
}
STANDINGS = {
    BandStanding.GATHERING: N_("Too few decided yet"),
    BandStanding.KEPT: N_("Keeps its word"),
    BandStanding.WITHDRAWN: N_("Withdrawn"),
}
VERDICTS = {BandStanding.GATHERING: "few", BandStanding.KEPT: "fine", BandStanding.WITHDRAWN: "stop"}


@requires(Permission.WATCH_MODELS)
async def matching_page(request: Request, desk: Desk) -> Response:
    live = matcher()
    async with reading() as db:
        await basis.keep_up(db)
        evidence = await bands.evidence_of(db, live)
        moves = await approvals.moves(db, Kind.MATCH, MOVES_SHOWN)
    return page(
        request,
        "matching.html",
        version=live.model_version,
        is_simulated=live.is_simulated,
        weights=live.weights,
        evidence=[(band, evidence[band], PROMISES[band]) for band in OddsBand],
        bands=BANDS,
        standings=STANDINGS,
        verdicts=VERDICTS,
        moves=moves,
        moved=MOVES,
        explored=settings().explore_share,
    )
