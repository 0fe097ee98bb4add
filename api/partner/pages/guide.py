"""What a partner's engineers read, signed in or not: the guide, the codes with what to do, and the changelog of the schema."""

import asyncio
from itertools import groupby

from graphql import GraphQLEnumType, build_schema
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import codes
from api.asking import asks
from api.graphql.schemas import printed
from api.html import locale_of
from api.partner.guide import changes
from api.partner.guide.changes import SchemaChange
from api.partner.guide.preludes import WEBSITE
from api.partner.guide.steps import steps
from api.partner.guide.writing import LANGUAGES
from api.partner.pages.visits import show_to_all
from api.partner.schema import schema
from domain.permissions import Permission
from infra import clock
from infra.database import reading
from infra.settings import settings


@asks(Permission.PUBLIC)
async def guide_page(request: Request) -> Response:
    language = LANGUAGES.get(request.query_params.get("in", ""), LANGUAGES["curl"])
    async with reading() as db:
        today = await clock.today(db)
    taken = [(each, language.write(each)) for each in steps(today)]
    begins = language.begins(settings().public_url, locale_of(request))
    shown = {"steps": taken, "begins": begins, "language": language, "languages": LANGUAGES, "website": WEBSITE}
    return await show_to_all(request, "guide.html", is_embedded=settings().is_embedded, **shown)


@asks(Permission.PUBLIC)
async def codes_page(request: Request) -> Response:
    return await show_to_all(request, "codes.html", errors=codes.ERRORS, refusals=await asyncio.to_thread(_refusals))


def _refusals() -> dict[str, str]:
    """The codes that a partner's door may refuse by, as its schema describes them."""
    type_ = build_schema(printed(schema())).type_map["RefusalCode"]
    assert isinstance(type_, GraphQLEnumType)
    return {name: value.description or "" for name, value in type_.values.items()}


@asks(Permission.PUBLIC)
async def changelog_page(request: Request) -> Response:
    return await show_to_all(request, "changelog.html", days=await asyncio.to_thread(_days))


def _days() -> list[tuple[str, list[SchemaChange]]]:
    """The newest day first. What came with its type is told by the type."""
    known = changes.read(changes.FILE.read_text("utf-8"))
    days = []
    for on, of_day in groupby(known, lambda each: each.on):
        listed = list(of_day)
        whole = {each.coordinate for each in listed if each.sign != "~"}
        days.append(
            (on.isoformat(), [each for each in listed if each.owner == each.coordinate or each.owner not in whole])
        )
    return days


routes: list[Route] = [
    Route("/partner/guide", guide_page),
    Route("/partner/codes", codes_page),
    Route("/partner/changelog", changelog_page),
]
