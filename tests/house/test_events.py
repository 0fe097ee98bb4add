"""Events are declared once with their data; who announces or reacts to another one fails before anybody is served."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from api import wiring
from infra import events, lifecycle, outbox, reactions, schedules
from infra.database import Db
from infra.events import declare
from infra.ids import new_id
from infra.reactions import reaction

HOUSE = Path(__file__).parents[2]
ROOMS = ("infra", "domain", "membership", "ml", "integrations", "api")
OURS = {"user_id", "subject_id", "due_at", "first_at", "apart", "dues"}  # of every event, whatever it tells
# Places where the name is a value that was given: `announce` itself checks each.
GIVEN = {
    "infra/lifecycle.py": {"made.event"},
    "domain/runs/running.py": {"work.done", "work.batch_due"},
    "domain/matching/odds/looking.py": {"event"},
    "domain/applications/offers.py": {"event"},
}
TOLD = declare("test.told", code=str, count=int, by=str | None)

Call = tuple[str, ast.Call]


@cache
def calls() -> list[Call]:
    paths = [path for room in ROOMS for path in sorted((HOUSE / room).rglob("*.py"))]
    texts = [(str(path.relative_to(HOUSE)), path.read_text("utf-8")) for path in paths]
    nodes = [(path, node) for path, text in texts if "announce" in text for node in ast.walk(ast.parse(text))]
    found = [(path, node) for path, node in nodes if isinstance(node, ast.Call)]
    return [(path, call) for path, call in found if name_of(call.func) in ("announce", "announce_all")]


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def names_in(path: str, name: ast.expr) -> list[str]:
    """What is announced there: a literal, a constant of the module, or any value of one of its tables."""
    if isinstance(name, ast.IfExp):
        return names_in(path, name.body) + names_in(path, name.orelse)
    if isinstance(name, ast.Subscript):
        return list(evaluated(path, name.value).values())
    return [evaluated(path, name)]


def evaluated(path: str, name: ast.expr) -> Any:
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    return eval(ast.unparse(name), vars(module))


def announced() -> Iterator[tuple[Call, str]]:
    for path, call in calls():
        if ast.unparse(call.args[1]) not in GIVEN.get(path, set()):
            for name in names_in(path, call.args[1]):
                yield (path, call), name


def test_whatever_is_announced_was_declared_with_these_data() -> None:
    assert wiring.ROOMS
    wrong = []
    for (path, call), name in announced():
        told = {keyword.arg for keyword in call.keywords} - OURS
        if events.declared().get(name, {"nobody": str}).keys() != told:
            wrong.append(f"{path}:{call.lineno} {name} {sorted(map(str, told))}")
    assert wrong == []


def test_whatever_is_declared_is_announced() -> None:
    ours = {name for name in events.declared() if not name.startswith(("test.", "visit.", "kettle."))}
    by_value = set(schedules._wanted)
    by_value |= {
        "campaign.batch_due",
        "campaign.told",
        "day.batch_due",
        "day.passed",
        "granting.batch_due",
        "granting.done",
        "reevaluation.batch_due",
        "reevaluation.done",
        "rescore.batch_due",
        "rescore.done",
        "sweep.batch_due",
        "sweep.done",
        "band.withdrawn",
        "band.restored",
        "offer.expiry_due",
        "offer.ends_soon",
    }
    by_value |= {name for life in lifecycle.drawn for name in life.events}
    assert ours - by_value - {name for _, name in announced()} == set()


def test_a_place_that_is_given_its_names_still_is_there() -> None:
    found: dict[str, set[str]] = {}
    for path, call in calls():
        found.setdefault(path, set()).add(ast.unparse(call.args[1]))
    assert {
        path: names - found.get(path, set()) for path, names in GIVEN.items() if names - found.get(path, set())
    } == {}


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("test.tolt", {}, "nobody declared the event test.tolt"),
        (TOLD, {"code": "A", "count": 1}, r"test.told tells \['by', 'code', 'count'\], not \['code', 'count'\]"),
        (TOLD, {"code": "A", "count": "1", "by": None}, "test.told tells count as <class 'int'>, not str"),
        (TOLD, {"code": None, "count": 1, "by": None}, "test.told tells code as <class 'str'>, not NoneType"),
        (TOLD, {"code": "A", "count": 1, "by": None, "phone": "+86"}, "test.told tells .* not .*'phone'"),
    ],
)
async def test_announcing_otherwise_than_declared_fails(
    db: Db, name: str, data: Mapping[str, events.Datum], said: str
) -> None:
    with pytest.raises(AssertionError, match=f"^{said}"):
        await outbox.announce(db, name, user_id=new_id(), **data)  # type: ignore[arg-type]
    assert list(db.new) == []


async def test_announcing_to_many_what_nobody_declared_fails(db: Db) -> None:
    with pytest.raises(AssertionError, match=r"^nobody declared the event test\.tolt"):
        await outbox.announce_all(db, "test.tolt", [(new_id(), None)])
    with pytest.raises(AssertionError, match=r"^test\.told tells"):
        await outbox.announce_all(db, TOLD, [(new_id(), None)])


async def test_announcing_as_declared_is_written_with_its_data(db: Db) -> None:
    event = await outbox.announce(db, TOLD, code="A", count=2, by=None)
    assert (event.name, event.data) == ("test.told", {"code": "A", "count": 2, "by": None})


def test_reacting_to_what_nobody_declared_fails_at_import() -> None:
    with pytest.raises(AssertionError, match=r"^nobody declared the event test\.tolt"):
        reaction("test.tolt", stored_as="react_to_nothing")
    assert reactions.named("react_to_nothing") is None


@pytest.mark.parametrize(("name", "said"), [("told", "an event is named"), ("test.told", "two events are called")])
def test_an_event_is_declared_once_by_noun_and_what_happened(name: str, said: str) -> None:
    with pytest.raises(AssertionError, match=f"^{said}"):
        declare(name)


def test_the_stored_names_of_reactions_stay_whatever_their_functions_are_called() -> None:
    """Rows in databases name them: one that is renamed or taken away leaves rows behind that nobody handles."""
    assert [name for name in STORED if reactions.named(name) is None] == []


STORED = """
    attribute_to_showing count_new_scores count_product_days escalate_overdue_promise evaluate_after_activity
    evaluate_after_score expire_offer forget_older_sweeps join_at_registration look_at_bands
    forget_push_of_session match_batch match_everybody prune_contacts prune_ground prune_showings prune_spent
    prune_webhooks restart_webhook give_up_for_webhook tell_of_consent tell_of_phone_change
    rescore_after_promotion rescore_batch rescore_the_stale retrain_matcher review_member
    score_after_change score_with_challenger send_code send_notice take_watch_snapshot tell_of_account
    tell_of_application tell_of_benefit tell_of_copied_device tell_of_ended_device tell_of_identity tell_of_new_device
    tell_of_repayment tell_of_tier tell_offer_ends_soon tell_partner tell_tier_ends_soon tell_who_has_it
""".split()
