"""The changelog of the partners' schema: its days add up to what is served, and what differs becomes a line."""

from datetime import date

from api.contract import served
from api.partner.guide import changes
from api.partner.guide.changes import SchemaChange

SERVED = next(text for file, text in served() if file.stem == changes.AUDIENCE)
BEFORE = "type Query { thing(size: Int): Thing } type Thing { name: String  old: Int } enum Colour { RED }"
NOW = """
    type Query { thing(size: Int!): Thing  things: [Thing!]! }
    type Thing { name: String @deprecated(reason: "x") }
    enum Colour { RED BLUE }
"""
DAY = date(2026, 11, 30)


def test_its_days_add_up_to_what_is_served() -> None:
    known = changes.read(changes.FILE.read_text("utf-8"))
    assert changes.replayed(known) == changes.coordinates(SERVED), "write it: longan schema"
    assert [each.on for each in known] == sorted((each.on for each in known), reverse=True)


def test_a_day_tells_what_came_what_became_another_and_what_went() -> None:
    first = changes.brought_up(changes.HEADER, BEFORE, date(2026, 11, 29))
    text = changes.brought_up(first, NOW, DAY)
    assert [each for each in changes.read(text) if each.on == DAY] == [
        SchemaChange(DAY, "+", "Colour.BLUE", "value"),
        SchemaChange(DAY, "+", "Query.things", "[Thing!]!"),
        SchemaChange(DAY, "~", "Query.thing(size:)", "Int!"),
        SchemaChange(DAY, "~", "Thing.name", "String, deprecated"),
        SchemaChange(DAY, "-", "Thing.old", ""),
    ]
    assert changes.replayed(changes.read(text)) == changes.coordinates(NOW)


def test_where_nothing_differs_nothing_is_written() -> None:
    text = changes.brought_up(changes.HEADER, BEFORE, DAY)
    assert changes.brought_up(text, BEFORE, DAY) == text
