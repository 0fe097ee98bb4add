"""What import-linter cannot tell: parts of a library that belong to one room."""

import ast
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
ROOMS = ("api", "domain", "infra", "integrations", "membership", "ml")
# A server of OAuth may use Authlib's `oauth2` and `jose`; whoever calls other systems uses these.
CLIENT = ("authlib.integrations", "authlib.oauth2.client", "authlib.oauth1.client")


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def calls_out(source: str) -> bool:
    return any(f"{name}.".startswith(tuple(f"{part}." for part in CLIENT)) for name in imported(source))


def test_only_integrations_knows_authlibs_client() -> None:
    knows = {
        path.relative_to(HOUSE).parts[0]
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.py")
        if calls_out(path.read_text(encoding="utf-8"))
    }
    assert knows == {"integrations"}


def test_each_way_to_import_the_client_is_noticed() -> None:
    assert calls_out("import authlib.integrations.httpx_client")
    assert calls_out("def ask():\n    from authlib.oauth2 import client")
    assert not calls_out("from authlib.oauth2.rfc6749 import AuthorizationServer")
