"""Every code that a client may meet, as one page: read from the code itself, committed as `codes.md`, compared by a test."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from api.app import uploads
from api.app.applications import TIMELINE
from api.graphql.enums import meaning
from api.graphql.errors import PublicError
from domain.applications.given_reasons import PARTNER_REASONS
from domain.facts.vocabulary import GROUP_LABELS
from domain.market import rules
from infra.errors import RefusalCode
from infra.words import catalogue
from ml.score import explaining, reasons, receipts

HOUSE = Path(__file__).parent.parent
FILE = HOUSE / "api" / "codes.md"
# Rooms whose sentences carry a code where they are written; the others keep theirs in tables, which are read as such.
WRITTEN = ("domain/matching", "domain/credit", "ml/matchers")
HEADER = """\
# Codes

Made from the code by `longan schema`; a test compares. Sentences are shown in English and Chinese as people read them, with
`{values}` filled in. Show people the sentence that the answer brings; use codes to decide what an app does.

- **A code that you do not know** can come at any time, without a new version: show its sentence, and treat an unknown
  refusal code as `INVALID`, an unknown error code as `INTERNAL`, and an unknown value of any other enumeration as "other".
- **A code never changes its meaning**, and is never used for something else later.
- **What is to go** is marked `@deprecated` in the schema with what replaces it, and stays for at least a year.
"""
ERRORS = {
    "UNAUTHENTICATED": "Nobody is signed in, or the access token is over. Get new tokens, and ask once more.",
    "SESSION_ENDED": "The session is over. Forget the tokens and let the person sign in.",
    "FORBIDDEN": "Whoever is signed in may not do this.",
    "RATE_LIMITED": "Too many requests. Wait, longer each time, and ask again.",
    "UNAVAILABLE": "Something that this needs is away for a moment. Ask again later, with the same idempotency key.",
    "COST_EXCEEDED": "The document asks for too much at once; `extensions.cost` tells what it costs and what it may.",
    "PERSISTED_QUERY_NOT_FOUND": "Nobody has sent this document in full yet. Send it with its hash.",
    "BAD_REQUEST": "The document, its variables or the request are wrong. Nothing was done.",
    "INTERNAL": "Our fault. Tell us `extensions.requestId`; asking again with the same idempotency key is safe.",
}


def page() -> str:
    sections = [
        ("Errors", "`errors[].extensions.code`: the request as a whole was not answered.", _plain(_errors())),
        (
            "Refusals",
            "`Refusal.code`: the operation was understood, and not done.",
            _plain({code.value: meaning(code) for code in RefusalCode}),
        ),
        ("Reasons of decisions and matches", "`Reason.code`, `ReasonAgainst.code`.", _spoken(_reasons())),
        ("Reasons of scores", "`Score.reasons`.", _spoken(_score_reasons())),
        ("Factors of a score", "`Factor.code`.", _spoken(_factors())),
        ("Changes of a score", "`ChangePart.code`.", _spoken(receipts.MESSAGES)),
        ("Steps to a better grade", "`PathStep.code`.", _spoken(_written("GradeStep", "ml/score"))),
        (
            "Bills",
            "`error.code` of `POST /statements`.",
            _spoken({fault.value: sentence for fault, sentence in uploads.SENTENCES.items()}),
        ),
        ("Timeline of an application", "`TimelineEntry.event`.", _spoken(TIMELINE)),
    ]
    return HEADER + "".join(f"\n## {title}\n\n{where}\n\n{table}" for title, where, table in sections)


def _plain(meanings: Mapping[str, str]) -> str:
    return _table(("code", "meaning"), ((f"`{code}`", words) for code, words in meanings.items()))


def _spoken(sentences: Mapping[str, str]) -> str:
    rows = ((f"`{code}`", words, catalogue().get(words, "")) for code, words in sentences.items())
    return _table(("code", "English", "Chinese"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _errors() -> dict[str, str]:
    known = {PublicError.code, *(each.code for each in PublicError.__subclasses__())}
    return {code: ERRORS[code] for code in sorted(known)}


def _reasons() -> dict[str, str]:
    """The partner's words for a code stand last, so that ours are shown where both have one."""
    own = "In the reviewer's own words."
    tables = {rule.code: rule.sentence for rule in rules.RULES} | {needs.code: needs.sentence for needs in rules.NEEDS}
    written = {code: words for room in WRITTEN for code, words in _written("Reason", room).items()}
    return dict(sorted(({**PARTNER_REASONS, **tables, **written, "REVIEWED": own}).items()))


def _score_reasons() -> dict[str, str]:
    told = {each.code: each.message for each in reasons.SENTENCES.values()}
    return dict(sorted((told | _written("Reason", "ml/score")).items()))


def _factors() -> dict[str, str]:
    groups = {group.value: label for group, label in GROUP_LABELS.items()}
    return groups | {explaining.CARRIED: explaining.CARRIED_LABEL, explaining.LIMIT: explaining.LIMIT_LABEL}


def _written(call: str, room: str) -> dict[str, str]:
    """Code and sentence of each `call("CODE", N_("..."))`, also where the sentence was given a name just before."""
    return {code: words for path in sorted((HOUSE / room).rglob("*.py")) for code, words in _calls(path, call)}


def _calls(path: Path, call: str) -> Iterator[tuple[str, str]]:
    for scope in ast.parse(path.read_text("utf-8")).body:
        named = {
            target.id: node.value
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(scope):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=code), words, *_]) if name == call:
                    sentence = _sentence(named.get(words.id, words) if isinstance(words, ast.Name) else words)
                    if sentence:
                        yield str(code), sentence


def _sentence(node: ast.expr) -> str | None:
    is_marked = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_"
    return str(ast.literal_eval(node.args[0])) if is_marked and isinstance(node, ast.Call) else None
