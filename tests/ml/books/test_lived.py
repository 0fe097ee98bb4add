"""The book that was lived here: what each score was made of, how the loan went, nobody's name; and training reads it."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from domain.credit import scores
from domain.credit.outcomes import LoanOutcome
from domain.facts.loan_reports import OutcomeKind
from infra.database import Db
from ml.books import describing, lived, reading
from ml.books.findings import Notes
from ml.books.lived import LivedLoan
from ml.lab.training import train
from ml.live import store
from ml.models.artefact import Artefact
from ml.score.scoring import scored
from tests.api.people import somebody

THEN = datetime(2025, 5, 4, 12, tzinfo=UTC)
FACT = "credit.open_loans"


async def lived_through(db: Db, model: Artefact, known: float | None, how: OutcomeKind | None, bad: bool) -> UUID:
    user = await somebody(db)
    row = tuple(known if each.name == FACT else None for each in model.inputs)
    score = await scores.record(db, user.id, scored(model, row), THEN, 1)
    db.add(LoanOutcome(user_id=user.id, score_id=score.id, bad=bad, how=how, observed_at=THEN))
    await db.flush()
    return user.id


async def test_each_outcome_is_a_loan_of_what_was_known(db: Db, model: Artefact, tmp_path: Path) -> None:
    await store.save(db, model)
    mine = {
        await lived_through(db, model, 3.0, OutcomeKind.LATE, False): ({FACT: 3.0}, "LATE"),
        await lived_through(db, model, None, OutcomeKind.DEFAULTED, True): ({}, "DEFAULTED"),
        await lived_through(db, model, 1.0, None, True): ({FACT: 1.0}, "DEFAULTED"),
        await lived_through(db, model, 2.0, None, False): ({FACT: 2.0}, "PAID"),
    }
    loans = [loan async for loan in lived.loans_of(db) if loan.customer in mine]
    assert {loan.customer: (dict(loan.facts), loan.outcome) for loan in loans} == mine
    assert {loan.scored_on for loan in loans} == {"2025-05-04"}
    lived.write(loans, book := tmp_path / "book.csv", tmp_path / "book.toml")
    with book.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [*rows[0]] == ["customer", "scored_on", "source", FACT, "outcome"]
    assert {row["source"] for row in rows} == {"longan"}
    assert sorted(row["customer"] for row in rows) == ["1", "2", "3", "4"]
    assert not any(str(user_id) in book.read_text(encoding="utf-8") for user_id in mine)


def test_training_reads_it(tmp_path: Path) -> None:
    loans = [
        LivedLoan(UUID(int=number), f"2025-0{1 + number % 9}-11", ["PAID", "LATE", "SETTLED", "DEFAULTED"][number % 4],
                  {FACT: float(number % 7), "profile.age": float(20 + number % 40)},
                  "partner:bank" if number % 10 == 0 else "longan")
        for number in range(1, 401)
    ]  # fmt: skip
    lived.write(loans, tmp_path / "book.csv", tmp_path / "book.toml")
    notes, description = Notes(), describing.read(tmp_path / "book.toml")
    table = reading.read(tmp_path / "book.csv", notes)
    trained = train(table, description, quick=True, notes=notes, today=date(2026, 1, 1))
    data = trained.artefact.card["data"]
    assert (data["rows"], data["bads"], data["sources"]) == (400, 100, {"longan": 360, "partner:bank": 40})
    assert {each.column for each in trained.artefact.inputs} == {FACT, "profile.age"}
    assert description.facts[FACT] == FACT
