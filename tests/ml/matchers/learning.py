"""Simulated impressions as a log: in memory, or written down as the house writes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import numpy as np

from domain.applications.applications import Application, ApplicationStatus
from domain.applications.decisions import Decision, DecisionOutcome
from domain.matching.impressions import ROW, Impression
from infra import clock, vault
from infra.copying import copy_in
from infra.database import Db
from infra.ids import new_id
from ml.matchers.interactions import Interactions
from ml.matchers.logs import ImpressionLog
from ml.models.pairs import INPUTS

APPLIED_AFTER = timedelta(days=2)


def as_log(seen: Interactions) -> ImpressionLog:
    """Each person saw one list."""
    count = len(seen)
    return ImpressionLog(seen, list_of=seen.person, product=np.arange(count), propensity=np.ones(count))


async def write_down(db: Db, seen: Interactions, *, shown_at: datetime, ids: Random | None = None) -> list[UUID]:
    """One list for each person, all shown at the same time. Answers the people, in the order in which they come.

    With the same `ids` the same people are kept for testing.
    """
    await clock.now(db)
    name = new_id if ids is None else lambda: UUID(int=ids.getrandbits(128))
    keys = {person: vault.new_person_key(name()) for person in dict.fromkeys(seen.person.tolist())}
    db.add_all(keys.values())
    await db.flush()
    lists = {person: new_id() for person in keys}
    impressions, applications, decisions = [], [], []
    for place, person in enumerate(seen.person.tolist()):
        user_id, id, product_id, application_id = keys[person].user_id, new_id(), new_id(), None
        if seen.applied[place]:
            application_id = new_id()
            applications.append(_application(user_id, application_id, product_id, shown_at + APPLIED_AFTER))
        if seen.decided[place]:
            outcome = DecisionOutcome.APPROVE if seen.approved[place] else DecisionOutcome.DECLINE
            decisions.append(_decision(user_id, application_id, outcome, shown_at + APPLIED_AFTER))
        told = [None if np.isnan(value) else value for value in seen.rows[place, : len(INPUTS)].tolist()]
        row = dict(zip(INPUTS, told, strict=True))
        impressions.append(
            {
                "user_id": user_id,
                "id": id,
                "list_id": lists[person],
                "product_id": product_id,
                "position": int(seen.rows[place, -1]),
                "propensity": 1.0,
                "is_explored": False,
                "is_personal": True,
                "model_version": "m",
                "value": 0.5,
                "row_sealed": vault.seal_with(keys[person]).close(row, ROW),
                "shown_at": shown_at,
                "application_id": application_id,
            }
        )
    for kind, rows in ((Impression, impressions), (Application, applications), (Decision, decisions)):
        await copy_in(db, kind, rows)
    return [key.user_id for key in keys.values()]


def _application(user_id: UUID, id: UUID, product_id: UUID, at: datetime) -> dict[str, Any]:
    moments = dict.fromkeys(("promised_by", "created_at", "updated_at"), at)
    terms = {"amount": 100_000, "currency": "CNY", "term_months": 12, "partner_id": new_id()}
    status = ApplicationStatus.WITHDRAWN
    return {"user_id": user_id, "id": id, "product_id": product_id, "status": status, **terms, **moments}


def _decision(user_id: UUID, application_id: UUID | None, outcome: DecisionOutcome, at: datetime) -> dict[str, Any]:
    made = {"decided_at": at, "decided_by": "rules", "rule_version": "r", "reasons_told": []}
    return {"user_id": user_id, "id": new_id(), "application_id": application_id, "outcome": outcome, **made}


def first_people(seen: Interactions, count: int) -> Interactions:
    some: Sequence[int] = list(dict.fromkeys(seen.person.tolist()))[:count]
    return seen.only(np.isin(seen.person, some))
