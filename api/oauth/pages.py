"""`/oauth/authorize`: where somebody whom a partner's website sent here signs in, sees what is asked, and says yes or no."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from api.addresses import client_address
from api.asking import asks
from api.forms import is_own_form, keep_typed
from api.graphql.errors import REFUSED_SECONDS, PublicError
from api.html import locale_of
from api.oauth import rendering
from api.oauth.authorizing import Back, NotSentBack, SentBack, asked_of, client_of, pushed_in
from api.oauth.seats import DEVICE_COOKIE, PATH, NotSeated, Seat, give_seat, page_of, remember_device, seat_of
from api.refusing import sentence_of, status_of, why_failed
from api.visits import OLD_FORM
from domain.people import second_signing, signing_in
from domain.people.partners import Partner
from domain.people.second_factors import FactorKind
from domain.people.second_signing import HalfSignedIn
from domain.people.sessions import Session
from domain.permissions import Permission
from domain.sharing import answering, share_requests
from domain.sharing.answering import ShareAnswer
from domain.sharing.share_requests import Browser, ShareRequest
from infra.database import Db, transact, transaction
from infra.errors import Refusal, RefusalCode
from infra.words import N_
from integrations.sandbox.personas import PERSONAS
from integrations.simulated import people

BODY_BYTES_MAX = 10_000
LOST = N_(
    "This page is over, or it was opened in another browser. Please go back to the website that sent you here and begin again."
)
LINK_OVER = N_(
    "This link was used already, or is too old. Please go back to the website that sent you here and begin again."
)


@asks(Permission.PUBLIC)
async def authorize(request: Request) -> Response:
    """Take in what a website asks; nothing is shown to a browser that has not kept our cookie."""
    if _looks_ahead(request):
        return Response(status_code=200 if request.method == "HEAD" else 503, headers=rendering.NO_STORE)
    try:
        async with transaction() as db:
            kept, browser = await _begun(db, request.url.query, client_address(request.scope))
    except SentBack as wrong:
        return RedirectResponse(wrong.address, 303, headers=rendering.NO_STORE)
    except NotSentBack as wrong:
        return rendering.over(request, 400, wrong.sentence)
    except Refusal as refusal:
        await asyncio.sleep(REFUSED_SECONDS)
        return rendering.over(request, status_of(refusal), refusal.message)
    response = RedirectResponse(page_of(kept), 303, headers=rendering.NO_STORE)
    give_seat(response, kept, browser)
    return response


def _looks_ahead(request: Request) -> bool:
    """Whether nobody is there yet to see a page, as when a browser guesses, or a scanner asks what stands behind a link: what was
    pushed is for the first who comes.
    """
    purposes = [request.headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-moz")]
    return request.method == "HEAD" or any("prefetch" in each or "preview" in each for each in purposes)


async def _begun(db: Db, query: str, address: str) -> tuple[ShareRequest, Browser]:
    if (pushed := pushed_in(query)) is not None:
        claimed = await share_requests.claim(db, *pushed, address)
        if claimed is None:
            raise NotSentBack(LINK_OVER)
        return claimed
    client, back = await client_of(db, query)
    asked = asked_of(query, client, await db.get_one(Partner, client.partner_id), back)
    return await share_requests.begin(db, client, asked, address)


def failed(request: Request, error: PublicError) -> Response:
    return rendering.over(request, error.http_status, why_failed(error))


@asks(Permission.PUBLIC)
class SharePage(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return await _show(request)

    async def post(self, request: Request) -> Response:
        form = await request.form()
        try:
            done = await transact(lambda db: _take(db, Visitor(request, form)))
        except NotSeated:
            return rendering.over(request, 403, LOST)
        except Refusal as refusal:
            done = refusal
        return done if isinstance(done, Response) else await _show_refused(request, done)


@dataclass(frozen=True)
class Visitor:
    request: Request
    form: FormData

    @property
    def ip(self) -> str:
        return client_address(self.request.scope)

    @property
    def number(self) -> str:
        """A number that is written with its country needs no other."""
        number = self.typed("phone")
        return number if number.startswith("+") else self.typed("country") + number

    def typed(self, name: str) -> str:
        return str(self.form.get(name, "")).strip()


# A refusal that is returned keeps what was counted; one that is raised leaves nothing behind.
Step = Callable[[Db, Visitor, Seat], Awaitable[Response | Refusal]]


async def _take(db: Db, visitor: Visitor) -> Response | Refusal:
    seat = await seat_of(db, visitor.request)
    if not is_own_form(visitor.form, seat.form_secret):
        return await rendering.asking(db, visitor.request, seat, 403, OLD_FORM)
    keep_typed(visitor.request, visitor.form)
    return await STEPS.get(visitor.typed("step"), _look)(db, visitor, seat)


async def _look(db: Db, visitor: Visitor, seat: Seat) -> Response:
    return _on(seat)


async def _ask_for_code(db: Db, visitor: Visitor, seat: Seat) -> Response:
    challenge = await signing_in.request_code(
        db,
        phone=visitor.number,
        ip=visitor.ip,
        locale=locale_of(visitor.request),
        device_token=visitor.request.cookies.get(DEVICE_COOKIE),
    )
    seat.request.challenge_id = challenge.id
    return _on(seat)


async def _forget_number(db: Db, visitor: Visitor, seat: Seat) -> Response:
    seat.request.challenge_id = None
    return _on(seat)


async def _answer_code(db: Db, visitor: Visitor, seat: Seat) -> Response | Refusal:
    if seat.request.challenge_id is None:
        return _on(seat)
    signed_in = await signing_in.sign_in(
        db,
        challenge_id=seat.request.challenge_id,
        code=visitor.typed("code"),
        device_name=await rendering.device_name(db, visitor.request, seat),
        key=seat.request.id.hex,
        ip=visitor.ip,
    )
    return await _seated(db, seat, signed_in)


async def _answer_factor(db: Db, visitor: Visitor, seat: Seat) -> Response | Refusal:
    """What a passkey signed, or the code of an authenticator app."""
    if seat.request.challenge_id is None:
        return _on(seat)
    signed = visitor.typed("passkey")
    signed_in = await second_signing.answer(
        db,
        challenge_id=seat.request.challenge_id,
        kind=FactorKind.PASSKEY if signed else FactorKind.TOTP,
        response=signed or visitor.typed("totp"),
        device_name=await rendering.device_name(db, visitor.request, seat),
        key=seat.request.id.hex,
        ip=visitor.ip,
    )
    return await _seated(db, seat, signed_in)


async def _sign_in_as(db: Db, visitor: Visitor, seat: Seat) -> Response | Refusal:
    """A test client is answered by somebody who never was: whom, its developer chooses."""
    persona = PERSONAS.get(visitor.typed("persona"))
    is_test = (await db.get_one(Partner, seat.request.partner_id)).is_test
    if persona is None or not is_test or await answering.seated(db, seat.browser) is not None:
        return _on(seat)
    return await _seated(db, seat, await people.sign_in_as(db, seat.request.partner_id, persona))


async def _seated(db: Db, seat: Seat, signed_in: Session | HalfSignedIn | Refusal) -> Response | Refusal:
    if isinstance(signed_in, Refusal):
        return signed_in
    response = _on(seat)
    if isinstance(signed_in, Session):
        give_seat(response, seat.request, await answering.take_seat(db, seat.request, signed_in))
        remember_device(response, signed_in.device_token)
    return response


async def _answer(db: Db, visitor: Visitor, seat: Seat) -> Response | Refusal:
    if (before := await answering.answered(db, seat.request, seat.browser)) is not None:
        return _back(before)
    actor = await answering.seated(db, seat.browser)
    if visitor.typed("answer") == "no":
        return _back(await answering.decline(db, seat.request, actor))
    if actor is None or visitor.typed("answer") != "yes":
        return _on(seat)
    days = str(visitor.form.get("days", seat.request.days)).strip()
    wanted = int(days) if days.isascii() and days.isdigit() and len(days) <= 3 else 0  # never more than they wrote
    return _back(await answering.allow(db, seat.request, actor, wanted))


STEPS: Mapping[str, Step] = {
    "phone": _ask_for_code,
    "other-number": _forget_number,
    "code": _answer_code,
    "factor": _answer_factor,
    "persona": _sign_in_as,
    "answer": _answer,
}


def _on(seat: Seat) -> Response:
    return RedirectResponse(page_of(seat.request), 303, headers=rendering.NO_STORE)


def _back(answer: ShareAnswer) -> Response:
    """303, so that no browser sends the form on to the client (RFC 9700, section 4.12)."""
    back = Back(answer.request.redirect_uri, answer.request.client_state)
    if answer.grant is None:
        address = back.address(error="access_denied", error_description="the person said no")
    else:
        address = back.address(code=answer.grant.code)
    return RedirectResponse(address, 303, headers=rendering.NO_STORE)


async def _show(request: Request, status: int = 200, error: str | None = None) -> Response:
    try:
        async with transaction() as db:
            return await rendering.asking(db, request, await seat_of(db, request), status, error)
    except NotSeated:
        return rendering.over(request, 403, LOST)


async def _show_refused(request: Request, refusal: Refusal) -> Response:
    if refusal.code is RefusalCode.RATE_LIMITED:
        await asyncio.sleep(REFUSED_SECONDS)
    return await _show(request, status_of(refusal), sentence_of(request, refusal))


routes: list[BaseRoute] = [
    Route(PATH, authorize, methods=["GET"]),
    Route(f"{PATH}/{{id}}", SharePage, max_body_size=BODY_BYTES_MAX),
    rendering.PAGES.files(),
]
