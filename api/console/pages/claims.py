"""Claims: what partners want of deposits, the nearest time first, and how much of it is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.console.pages.rendering import page
from api.console.pages.visits import StaffVisit, requires
from api.refusing import NO_SUCH_PAGE, carry_out, error_of, status_of
from api.visits import posted
from domain.agreements import claiming, claims, deposits
from domain.agreements.claims import Claim, ClaimStatus
from domain.agreements.deposits import Deposit
from domain.agreements.standings import AgreementStanding, standings
from domain.permissions import Permission
from infra import clock
from infra.database import Db, reading
from infra.errors import Refusal, invalid, not_found
from infra.ids import new_id, read_id
from infra.money import Money
from infra.paging import count_of
from infra.words import N_

ADDRESS = "/console/claims"
SHOWN = 50
NO_AMOUNT = N_("Enter how much of it is right, as a number: 0 rejects the claim.")


@dataclass(frozen=True)
class ClaimForm:
    """What a form says; `key` is of the page that it stood on."""

    amount: str
    answer: str
    key: str


@dataclass(frozen=True)
class WaitingClaim:
    """`reason` is the partner's, `message` the person's; None until they dispute it."""

    claim: Claim
    standing: AgreementStanding
    deposit: Deposit
    reason: str
    message: str | None
    is_late: bool

    @property
    def is_disputed(self) -> bool:
        return self.claim.status is ClaimStatus.DISPUTED


@requires(Permission.DECIDE_CLAIMS)
async def claims_page(request: Request, visit: StaffVisit) -> Response:
    return await _show(request, visit)


async def _show(request: Request, visit: StaffVisit, refusal: Refusal | None = None) -> Response:
    """What waits; and why it was not done."""
    error, status = error_of(request, refusal), status_of(refusal)
    async with reading() as db:
        waiting, now = await _waiting(db, visit), await clock.now(db)
        count = await count_of(db, claims.undecided_for(visit.actor))
    shown = {"error": error, "key": new_id().hex, "now": now}
    return page(request, "claims.html", status, waiting=waiting, count=count, **shown)


async def _waiting(db: Db, visit: StaffVisit) -> Sequence[WaitingClaim]:
    queue = claims.undecided_for(visit.actor).order_by(Claim.answer_by, Claim.id).limit(SHOWN)
    found, now = (await db.execute(queue)).scalars().all(), await clock.now(db)
    about = {(each.user_id, each.agreement_id) for each in found}
    stand, held = await standings(db, about), await deposits.of_agreements(db, about)
    words = await claims.texts_of(db, {(each.user_id, each.id) for each in found})
    return [
        WaitingClaim(
            each,
            stand[each.user_id, each.agreement_id],
            held[each.user_id, each.agreement_id],
            words.get((each.user_id, each.id), {}).get("reason", ""),
            words.get((each.user_id, each.id), {}).get("message"),
            each.answer_by <= now,
        )
        for each in found
    ]


@requires(Permission.DECIDE_CLAIMS)
async def decide(request: Request, visit: StaffVisit) -> Response:
    """Say how much of a disputed claim is right, and why; by the same verb and with the same receipt as `decideClaim`."""
    form = await request.form()
    said = ClaimForm(*(str(form.get(name, "")) for name in ("amount", "answer", "key")))
    id = read_id(request.path_params["id"])
    if id is None:
        return page(request, "refused.html", 404, why=NO_SUCH_PAGE)
    return await carry_out(lambda db: _decide(db, visit, id, said), ADDRESS, partial(_show, request, visit))


async def _decide(db: Db, visit: StaffVisit, id: UUID, said: ClaimForm) -> Claim:
    mine = claims.visible_to(visit.actor).where(Claim.id == id).with_only_columns(Claim.currency)
    currency = (await db.execute(mine)).scalar_one_or_none()
    if currency is None:
        raise not_found(NO_SUCH_PAGE)
    try:
        amount = Money.of(said.amount.strip().replace(",", ""), currency)
    except ValueError:
        raise invalid(NO_AMOUNT, ("amount",)) from None
    return await claiming.decide(db, visit.actor, id, amount, said.answer, said.key)


routes: list[Route] = [
    Route("/console/claims", claims_page),
    posted("/console/claims/{id}", decide),
]
