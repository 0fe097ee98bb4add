"""Record: a table in which what was written stays. The database refuses who would change it, whichever program asks.

A program that owns the tables could still drop the trigger; it cannot change a row by mistake, or by a statement of its own.
To erase a person, a transaction names them, and no other rows go: `SET LOCAL longan.erases = '<their id>'`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """Beside `__tablename__` as `__record__`. `later`: columns that are written after the row; all of them stay once
    `closed_by`, one of them, has a value."""

    later: tuple[str, ...] = ()
    closed_by: str = ""

    @property
    def arguments(self) -> list[str]:
        """What its trigger is given, as the migrations write it."""
        return [f"{{{','.join(self.later)}}}", self.closed_by]
