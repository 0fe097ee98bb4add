"""Documents: what a person reads before they accept, and may keep."""

from collections.abc import Iterable

import strawberry

from api.graphql.scalars import URL
from domain.applications.offers import ShownDocument
from infra.settings import settings


@strawberry.type(description="What was shown, under the hash of its bytes.")
class Document:
    title: str = strawberry.field(description="What to call it on a screen.")
    url: URL = strawberry.field(description="Where it can be read, for good; with `?download` it is kept.")
    sha256: str = strawberry.field(
        description="Of the exact bytes, as 64 hexadecimal digits; accepting an offer names it."
    )


def documents_of(documents: Iterable[ShownDocument]) -> list[Document]:
    """Each with the address at which it lies."""
    where = f"{settings().public_url}/documents"
    return [Document(title=each.title, url=URL(f"{where}/{each.sha256}"), sha256=each.sha256) for each in documents]
