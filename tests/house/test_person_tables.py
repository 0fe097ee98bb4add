"""Tables with people in them: keyed by their owner, with a word on export and erasure, and locked by the owner alone."""

import pytest
from sqlalchemy import Table, UniqueConstraint, text

from api import main, worker  # noqa: F401 - everything that serves is imported, and so every table is known
from infra.database import reading
from infra.entity import Entity
from infra.privacy import Privacy
from tests import locks

TABLES = Entity.metadata.tables
CLASSES = {mapper.class_.__tablename__: mapper.class_ for mapper in Entity.registry.mappers}

# Found by what was looked up, not by whose it is.
LOOKED_UP = {
    "cashier_order_owners": "whose a payment or refund is",
    "events": "whatever happened, to nobody too",
    "known_id_numbers": "whose an id number is",
    "phones": "whose a number is",
    "provider_subjects": "whose an account at a provider is",
    "push_tokens": "whose a token of a push device is",
    "voucher_owners": "whose a voucher is",
}
# A person stands in these without a column that says so.
UNNAMED = {
    "challenges": "a number, perhaps nobody's yet",
    "invited_phones": "a number, perhaps nobody's yet",
    "kept_messages": "what the embedded default would have sent to a number",
    "orphaned_tokens": "of an account that was somebody's, without a word of whose",
    "receipts": "`actor` is whoever asked",
    "staff": "people who work here",
    "staff_sessions": "people who work here",
    "users": "the person",
}


def owned() -> list[Table]:
    """Tables whose rows belong to one person each."""
    return [table for name, table in TABLES.items() if "user_id" in table.c and name not in LOOKED_UP]


@pytest.mark.parametrize("table", owned(), ids=str)
def test_a_persons_rows_lie_together(table: Table) -> None:
    assert next(iter(table.primary_key.columns)).name == "user_id"


@pytest.mark.parametrize("table", owned(), ids=str)
def test_nothing_of_a_person_is_unique_among_all_people(table: Table) -> None:
    unique = [list(index.columns) for index in table.indexes if index.unique]
    unique += [list(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    assert [[column.name for column in columns] for columns in unique if table.c.user_id not in columns] == []


@pytest.mark.parametrize("name", sorted(TABLES))
def test_whatever_holds_a_person_says_how_it_is_exported_and_erased(name: str) -> None:
    table = TABLES[name]
    holds_a_person = "user_id" in table.c or name in UNNAMED or any(c.name.endswith("_sealed") for c in table.c)
    assert isinstance(getattr(CLASSES[name], "__privacy__", None), Privacy) == holds_a_person


@pytest.mark.parametrize("name", [*LOOKED_UP, *UNNAMED])
def test_what_is_named_here_is_still_there(name: str) -> None:
    assert name in TABLES


async def test_no_column_and_no_trigger_holds_a_transactions_id() -> None:
    """It means nothing after a dump and restore."""
    of_a_type = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
    of_a_type += " AND data_type IN ('xid', 'xid8', 'pg_snapshot', 'txid_snapshot')"
    by_a_word = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    by_a_word += " AND prosrc ~ 'txid_|pg_current_xact|xmin|xmax'"
    by_default = "SELECT adrelid::regclass::text FROM pg_attrdef"
    by_default += " WHERE pg_get_expr(adbin, adrelid) ~ 'txid_|pg_current_xact'"
    async with reading() as db:
        assert [(await db.scalars(text(sql))).all() for sql in (of_a_type, by_a_word, by_default)] == [[], [], []]


class TestALock:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM scores WHERE scores.user_id = $1 AND scores.id = $2 FOR UPDATE",
            "SELECT user_id FROM facts_versions AS facts WHERE facts.user_id > $1 FOR UPDATE OF facts",
            "SELECT * FROM person_keys WHERE version <> $1 FOR UPDATE SKIP LOCKED",
            "SELECT * FROM partners WHERE id = $1 FOR UPDATE",
            "SELECT user_id, id FROM scores WHERE id = $1",
        ],
    )
    def test_by_its_owner_is_right(self, statement: str) -> None:
        assert locks.fault(statement) is None

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT scores.user_id FROM scores WHERE scores.id = $1 FOR UPDATE",
            "SELECT * FROM partners JOIN applications ON true WHERE applications.id = $1 FOR NO KEY UPDATE",
        ],
    )
    def test_without_an_owner_is_wrong(self, statement: str) -> None:
        assert locks.fault(statement) is not None
