"""The three schemas as they are served: committed as text, so that a change of what clients see is seen in review."""

from collections.abc import Iterator
from pathlib import Path

from api.app import schema as app
from api.console import schema as console
from api.graphql.schemas import printed
from api.partner import schema as partner

FOLDER = Path(__file__).parent


def served() -> Iterator[tuple[Path, str]]:
    """Each schema's file, and the text that belongs in it."""
    for audience, schema in (("app", app.schema()), ("partner", partner.schema()), ("console", console.schema())):
        yield FOLDER / f"{audience}.graphqls", printed(schema)


def released(audience: str) -> Path:
    """The file of a schema as it was released last."""
    return FOLDER / "released" / f"{audience}.graphqls"
