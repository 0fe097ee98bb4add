"""A step of the guide as it is pasted: the same request in a shell, in TypeScript and in Python, with nothing to install."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from api.partner.guide import preludes
from api.partner.guide.steps import GuideStep, KeptId
from infra.words import Locale

SHORT = 60  # characters of an object that stands on one line


@dataclass(frozen=True)
class GuideLanguage:
    """`begins` signs in at an address, and says how to ask; `verifies` checks what a webhook brings, where the language does that."""

    code: str
    name: str
    begins: Callable[[str, Locale], str]
    write: Callable[[GuideStep], str]
    verifies: str | None = None


def shell(step: GuideStep) -> str:
    body = _json({"query": " ".join(step.document.split()), "variables": step.variables}, "'\"${name}\"'")
    lines = [f"ask '{body}'"]
    if step.keeps:
        name, path = step.keeps
        lines.append(f"{name.upper()}=$(pick {path[-1]})")
    if step.needs:
        needed = step.needs.upper()
        return f'if [ -n "${needed}" ] && [ "${needed}" != false ]; then {"; ".join(lines)}; fi\n'
    return "\n".join(lines) + "\n"


def _json(value: Any, spliced: str) -> str:
    text = json.dumps(value, ensure_ascii=False, default=lambda kept: f"\0{kept.name.upper()}\0")
    parts = text.split("\\u0000")
    # A kept value closes the shell's quotes for a moment.
    return "".join(
        part if place % 2 == 0 else spliced.replace("{name}", "{" + part + "}") for place, part in enumerate(parts)
    )


def typescript(step: GuideStep) -> str:
    given = f", {_literal(step.variables, 'null', 'true', 'false')}" if step.variables else ""
    asked = f"ask(`\n{indent(step.document, '  ')}\n`{given})"
    if not step.keeps:
        return f"if ({step.needs}) await {asked};\n" if step.needs else f"await {asked};\n"
    name, path = step.keeps
    steps = "".join(f"?.[{part}]" if isinstance(part, int) else f"?.{part}" for part in path)
    found = f"(await {asked}){steps}"
    return f"const {name} = {step.needs} ? {found} : null;\n" if step.needs else f"const {name} = {found};\n"


def python(step: GuideStep) -> str:
    given = f", {_literal(step.variables, 'None', 'True', 'False')}" if step.variables else ""
    asked = f'ask("""\n{indent(step.document, "  ")}\n"""{given})'
    if not step.keeps:
        return f"if {step.needs}:\n    {asked}\n" if step.needs else f"{asked}\n"
    name, path = step.keeps
    found = f"pick({asked}, {', '.join(json.dumps(part) for part in path)})"
    return f"{name} = {found} if {step.needs} else None\n" if step.needs else f"{name} = {found}\n"


def _literal(value: Any, null: str, yes: str, no: str, depth: int = 0) -> str:
    """As TypeScript and Python both write it, but for these three words; what was kept is a name."""
    inner, here = "  " * (depth + 1), "  " * depth
    match value:
        case KeptId(name):
            return name
        case dict() if depth > 1 and len(short := json.dumps(value, ensure_ascii=False)) < SHORT:
            return short
        case dict():
            lines = [
                f"{inner}{json.dumps(key)}: {_literal(each, null, yes, no, depth + 1)}" for key, each in value.items()
            ]
            return "{\n" + ",\n".join(lines) + f",\n{here}}}"
        case list():
            return "[" + ", ".join(_literal(each, null, yes, no, depth + 1) for each in value) + "]"
        case None:
            return null
        case bool():
            return yes if value else no
    return json.dumps(value, ensure_ascii=False)


LANGUAGES = {
    each.code: each
    for each in (
        GuideLanguage("curl", "curl", preludes.shell, shell),
        GuideLanguage("typescript", "TypeScript", preludes.typescript, typescript, preludes.TYPESCRIPT_VERIFIES),
        GuideLanguage("python", "Python", preludes.python, python, preludes.PYTHON_VERIFIES),
    )
}
