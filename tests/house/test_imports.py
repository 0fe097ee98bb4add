"""What import-linter cannot tell: parts of a library that belong to one room; and that it does tell what is forbidden."""

import ast
import shutil
import subprocess
import sys
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


# Whatever decides, scores or matches may not know of a membership; nor may anybody but ml know its library.
FORBIDDEN = {
    "ml/tasks.py": "from membership import members",
    "domain/credit/scoring.py": "import membership.benefits",
    "domain/applications/deciding.py": "def ask():\n    from membership.plans import buying",
    "membership/plans/buying.py": "import catboost",
}


def test_what_the_wall_forbids_is_refused(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(HOUSE / room, tmp_path / room, ignore=shutil.ignore_patterns("static", "templates", "*.po"))
    shutil.copy(HOUSE / "pyproject.toml", tmp_path)
    linter = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    for path, line in FORBIDDEN.items():
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    said = subprocess.run(linter, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 1
    for chain in (
        "ml.tasks -> membership.members",
        "domain.credit.scoring -> membership.benefits",
        "domain.applications.deciding -> membership.plans.buying",
        "membership.plans.buying -> catboost",
    ):
        assert chain in said.stdout, said.stdout
