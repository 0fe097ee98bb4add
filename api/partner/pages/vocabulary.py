"""The vocabulary: what a partner may tell of a person, made from what its door believes."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.asking import asks
from api.partner.pages.visits import show_to_all
from domain.facts.contributed import KINDS, MOST
from domain.facts.loan_reports import MEANINGS
from domain.facts.vocabulary import GROUP_LABELS
from domain.permissions import Permission


@asks(Permission.PUBLIC)
async def vocabulary_page(request: Request) -> Response:
    return await show_to_all(
        request, "vocabulary.html", kinds=KINDS.values(), groups=GROUP_LABELS, most=MOST, words=MEANINGS
    )


routes: list[Route] = [
    Route("/partner/vocabulary", vocabulary_page),
]
