"""The live matcher: by which weights it orders, whether its bands keep their word, and what it costs whom."""

from starlette.requests import Request
from starlette.responses import Response

from api.console.pages import watching
from api.console.pages.desks import Desk, at_desk, watchers
from api.console.pages.rendering import page
from domain.matching import bands, basis, group_costs, sweeps
from domain.matching.bands import BandBasis
from domain.matching.matcher import OddsBand, matcher
from domain.matching.reliability import PROMISES, BandStanding
from infra.background import in_background
from infra.database import reading
from infra.settings import settings
from infra.words import N_
from ml import approvals
from ml.approvals import Move
from ml.registry import Kind

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


@at_desk(watchers)
async def matching_page(request: Request, desk: Desk) -> Response:
    await in_background(basis.catch_up)
    live = matcher()
    async with reading() as db:
        evidence = await bands.evidence_of(db, live)
        moves = await approvals.moves(db, Kind.MATCH, MOVES_SHOWN)
        swept = await sweeps.last_done(db)
        costs = await group_costs.lines(db, swept.id) if swept else []
    return page(
        request,
        "matching.html",
        version=live.model_version,
        is_simulated=live.is_simulated,
        weights=live.weights,
        evidence=[(band, evidence[band], PROMISES[band]) for band in OddsBand],
        bands=BANDS,
        standings=STANDINGS,
        untested=BandBasis.NONE,
        moves=moves,
        moved=MOVES,
        swept=swept,
        costs=costs,
        columns=watching.COLUMNS,
        groups=watching.GROUPS,
        reach=max((line.interval[1] for line in costs), default=0.0),
        explored=settings().explore_share,
    )
