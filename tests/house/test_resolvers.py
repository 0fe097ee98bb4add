"""A resolver says what it reads from, so that mypy sees when the two drift apart."""

import ast
from pathlib import Path

HOUSE = Path(__file__).parents[2]


def test_no_resolver_takes_its_parent_as_anything() -> None:
    loose = [
        f"{path.name}:{function.lineno} {function.name}"
        for path in (HOUSE / "api").rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and function.args.args
        and ast.unparse(function.args.args[0].annotation or ast.Constant(None)) in ("Any", "strawberry.Parent[Any]")
        and (function.args.args[0].arg in ("self", "root"))
    ]
    assert loose == []
