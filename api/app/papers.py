"""Papers: what a person has in writing of an agreement, to read, to print and to hand on."""

from collections.abc import Iterable
from datetime import datetime

import strawberry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.app.downloading import NO_STORE, for_signed_in, id_in_path
from api.documents import by_itself
from api.graphql.enums import show
from api.graphql.scalars import URL
from domain.actors import UserActor
from domain.agreements.papers import issuing
from domain.agreements.papers.issuing import KeptPaper
from domain.agreements.papers.papers import TITLES, Issuance, PaperKind, PaperName, available
from domain.agreements.standings import AgreementStanding
from domain.applications.offers import PAGE
from infra.database import transact
from infra.ids import global_id
from infra.settings import settings
from infra.words import SPOKEN, Locale, say

show(
    PaperKind,
    "What a paper says.",
    SIGNED_CONTRACT="Who accepted what, and when, with the text of all documents.",
    YEARLY_STATEMENT="What was booked in a year, with what was owed before and after.",
    PROOF_OF_SETTLEMENT="That everything is paid, and nothing is owed any more.",
)


@strawberry.type(description="A page about an agreement, to read, to print and to hand on.")
class Paper:
    kind: PaperKind = strawberry.field(description="What it says.")
    year: int | None = strawberry.field(description="Which year a YEARLY_STATEMENT is of; null of others.")
    title: str = strawberry.field(description="What to call it on a screen.")
    url: URL = strawberry.field(
        description="Where it is read with the person's token, in the language in which this was asked; with `?download` it is kept."
    )
    issued_at: datetime | None = strawberry.field(
        description="When it was issued, which is when it is first read; it stays as it was then. Null before."
    )
    sha256: str | None = strawberry.field(
        description="Of its exact bytes, as 64 hexadecimal digits, once it is issued; the person's evidence proves it."
    )


def papers_of(standing: AgreementStanding, issued: Iterable[Issuance], locale: Locale) -> list[Paper]:
    """What can be had of an agreement today, in one language."""
    kept = {each.name: each for each in issued if each.locale == locale}
    where = f"{settings().public_url}/papers/{global_id('Agreement', standing.agreement.id)}"
    return [_paper(name, kept.get(name), f"{where}/{name.text}/{locale}", locale) for name in available(standing)]


def _paper(name: PaperName, issued: Issuance | None, url: str, locale: Locale) -> Paper:
    return Paper(
        kind=name.kind,
        year=name.year,
        title=say(TITLES[name.kind], locale, year=name.year),
        url=URL(url),
        issued_at=issued.issued_at if issued else None,
        sha256=issued.sha256 if issued else None,
    )


async def paper(request: Request, actor: UserActor) -> Response:
    """The bytes as they were issued: now, where they never were."""
    page = await _page(request, actor)
    if page is None:
        return PlainTextResponse("There is no such paper of yours, or none yet.\n", 404, headers=NO_STORE)
    told = by_itself(request, page.body, f"longan-{page.name.text}.html")
    return Response(page.body, headers={**told, **NO_STORE, "Content-Type": PAGE, "ETag": f'"{page.sha256}"'})


async def _page(request: Request, actor: UserActor) -> KeptPaper | None:
    id = id_in_path(request, "agreement", "Agreement")
    name = PaperName.parse(request.path_params["name"])
    locale = next((each for each in SPOKEN if each == request.path_params["locale"]), None)
    if id is None or name is None or locale is None:
        return None
    return await transact(lambda db: issuing.issue(db, actor, id, name, locale))


routes: list[BaseRoute] = [Route("/papers/{agreement}/{name}/{locale}", for_signed_in(paper))]
