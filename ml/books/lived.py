"""The loan book that was lived: what was known of each person when they were scored, and how the loan went, here or elsewhere."""

import csv
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from domain.credit import scores
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Score
from domain.facts.loan_reports import OutcomeKind
from domain.people import invented
from infra import vault
from infra.clock import local_day
from infra.database import Db
from ml.books import reported
from ml.books.reported import Reported, severity_of
from ml.live import store
from ml.models.features import Value
from ml.score.carrying import carried_in

BATCH = 1_000
OUTCOME, TIME, CUSTOMER, SOURCE = "outcome", "scored_on", "customer", "source"
OURS = "longan"
HEAD = """# Written beside the book. `longan train {book} --describe {here}` learns from it.
target = "outcome"
bad = ["DEFAULTED"]
good = ["PAID", "LATE", "SETTLED"]
time = "scored_on"
customer = "customer"
source = "source"
reviewed = ["*"]  # all of it was known when the score was made
"""


@dataclass(frozen=True)
class LivedLoan:
    """`facts`: what the score was made of, by the names of facts; what was not known is missing. `source`: who told the outcome."""

    customer: UUID
    scored_on: str
    outcome: str
    facts: Mapping[str, Value]
    source: str = OURS


Known = Sequence[tuple[Score, tuple[str, str]]]  # a score, with outcome and source


def write(loans: Sequence[LivedLoan], book: Path, description: Path) -> None:
    """The book, and how it is described. Customers are numbered, and not named."""
    names = sorted({name for loan in loans for name in loan.facts})
    numbers: dict[UUID, int] = {}
    with book.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([CUSTOMER, TIME, SOURCE, *names, OUTCOME])
        for loan in loans:
            number = numbers.setdefault(loan.customer, len(numbers) + 1)
            facts = [loan.facts.get(name, "") for name in names]
            writer.writerow([number, loan.scored_on, loan.source, *facts, loan.outcome])
    mapped = "".join(f'"{name}" = "{name}"\n' for name in names)
    description.write_text(f"{HEAD.format(book=book.name, here=description.name)}\n[facts]\n{mapped}", encoding="utf-8")


async def loans_of(db: Db) -> AsyncIterator[LivedLoan]:
    """Read a loan for each score whose outcome is known. Who was erased is missing: nothing is known of them any more."""
    facts_of: dict[str, dict[str, str]] = {}
    async for batch in _known(db):
        seals = await vault.seals_of(db, {score.user_id for score, _ in batch})
        for score, (outcome, source) in batch:
            if score.model_version not in facts_of:
                facts_of[score.model_version] = await _facts_of(db, score.model_version)
            if score.user_id in seals:
                inputs, _ = carried_in(seals[score.user_id].open(score.vector_sealed, scores.VECTOR))
                facts = _by_fact(inputs, facts_of[score.model_version])
                yield LivedLoan(score.user_id, str(local_day(score.as_of)), outcome, facts, source)


async def _known(db: Db) -> AsyncIterator[Known]:
    """Scores with outcome and source: first those of our own loans, the worse word of ours and partners' counting; then the others."""
    elsewhere = await reported.outcomes(db)
    async for batch in _batches(db):
        yield [(score, _worse(outcome, elsewhere.pop((score.user_id, score.id), None))) for outcome, score in batch]
    others = sorted(elsewhere)
    for start in range(0, len(others), BATCH):
        theirs = select(Score).where(tuple_(Score.user_id, Score.id).in_(others[start : start + BATCH]))
        yield [
            (score, _words_of(elsewhere[score.user_id, score.id]))
            for score in (await db.execute(theirs)).scalars().all()
        ]


def _worse(outcome: LoanOutcome, told: Reported | None) -> tuple[str, str]:
    ours = _word(outcome)
    if told is None or told.severity <= severity_of(OutcomeKind(ours)):
        return ours, OURS
    return _words_of(told)


def _words_of(reported: Reported) -> tuple[str, str]:
    return reported.how.value, reported.source


async def _batches(db: Db) -> AsyncIterator[Sequence[tuple[LoanOutcome, Score]]]:
    key = tuple_(LoanOutcome.user_id, LoanOutcome.score_id)
    wanted = (
        select(LoanOutcome, Score)
        .join(Score, (Score.user_id == LoanOutcome.user_id) & (Score.id == LoanOutcome.score_id))
        .where(invented.is_real(LoanOutcome.user_id))
        .order_by(*key)
        .limit(BATCH)
    )
    after = (UUID(int=0), UUID(int=0))
    while rows := (await db.execute(wanted.where(key > after))).all():
        yield [(outcome, score) for outcome, score in rows]
        after = (rows[-1][0].user_id, rows[-1][0].score_id)


def _by_fact(inputs: Mapping[str, Value], facts: Mapping[str, str]) -> dict[str, Value]:
    return {facts[name]: value for name, value in inputs.items() if name in facts and _is_known(value)}


async def _facts_of(db: Db, version: str) -> dict[str, str]:
    """Which fact feeds each input of a model; flags and what no fact feeds are left out."""
    artefact = await store.load_score(db, version)
    return {each.name: each.fact for each in artefact.inputs if each.fact and each.code is None and not each.unknown}


def _is_known(value: Any) -> bool:
    return value not in (None, "") and not (isinstance(value, float) and math.isnan(value))


def _word(outcome: LoanOutcome) -> str:
    if outcome.how is not None:
        return outcome.how.value
    return "DEFAULTED" if outcome.bad else "PAID"
