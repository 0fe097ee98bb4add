"""Assessing: from a person's facts to their score, and where that stands for them to read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from domain.credit import scores
from domain.credit.scores import Score, Scoring, ScoringState
from domain.credit.scoring import NotEnoughKnown, Scored, scorer
from domain.facts import accounts, readings
from domain.facts.accounts import LinkedAccount
from domain.facts.readings import FactsVersion
from domain.facts.sheets import FactSheet
from infra import clock, outbox
from infra.database import Db
from infra.loaders import ANY_KEY, loader
from infra.questions import Question
from infra.words import N_

WHAT_TO_DO = {
    ScoringState.NOTHING_LINKED: N_("You have no score yet. Link an account to get one in seconds."),
    ScoringState.WORKING: N_("We are working out your score. It takes a few seconds."),
    ScoringState.READY: N_("Your score is ready."),
    ScoringState.NOT_ENOUGH_KNOWN: N_("We do not know enough yet for a fair score. Linking another account helps."),
}


@dataclass(frozen=True)
class ScoringStanding:
    """Where the scoring of a person stands. `score` is the newest there is, also while a newer one is being made."""

    state: ScoringState
    message: str
    values: dict[str, object]
    score: Score | None


def score_now(sheet: FactSheet) -> Scored | NotEnoughKnown:
    return scorer().score(sheet)


def points_gained(before: FactSheet, after: FactSheet) -> int:
    """How many points better the second would be scored better; below zero where worse."""
    old, new = scorer().points(before), scorer().points(after)
    return 0 if old is None or new is None else new - old


async def assess(db: Db, user_id: UUID) -> None:
    """Score the person from what is known now, and announce `score.changed`. Facts that were scored are not scored again."""
    await scorer().keep_up(db)
    await db.execute(select(FactsVersion).where(FactsVersion.user_id == user_id).with_for_update())
    # What was written while we waited counts in the version, so it must count in the sheet.
    await clock.catch_up(db)
    version = await readings.version_of(db, user_id)
    known = (await scores.scorings_of(db, {user_id})).get(user_id)
    if known and scores.is_current(known[0], version, scorer().model_version, await clock.now(db)):
        return
    outcome, model_version, stale_at = await _outcome(db, user_id, version)
    await scores.conclude(db, user_id, outcome, version, model_version=model_version, stale_at=stale_at)
    score_id = outcome.id if isinstance(outcome, Score) else None
    await outbox.announce(db, scores.CHANGED, user_id=user_id, subject_id=score_id)


async def _outcome(
    db: Db, user_id: UUID, version: int
) -> tuple[Score | NotEnoughKnown | None, str | None, datetime | None]:
    """What scoring came to, with the model that said it, and until when its facts hold."""
    if not await accounts.linked(db, user_id):
        return None, None, None
    sheet, model_version = await readings.sheet(db, user_id), scorer().model_version
    scored = score_now(sheet)
    if isinstance(scored, NotEnoughKnown):
        return scored, model_version, sheet.stale_at
    score = await scores.record(db, user_id, scored, sheet.as_of, version)
    return score, scored.model_version, sheet.stale_at


_VERSIONS = Question(lambda: select(FactsVersion.user_id, FactsVersion.version).where(FactsVersion.user_id == ANY_KEY))
_LINKED = Question(
    lambda: select(LinkedAccount.user_id).where(LinkedAccount.user_id == ANY_KEY, accounts.IS_IN_FORCE).distinct()
)


@loader(scores.SCORINGS, _VERSIONS, _LINKED)
async def standings(
    db: Db | None,
    user_ids: set[UUID],
    now: datetime,
    concluded: list[tuple[Scoring, Score | None]],
    versions: list[tuple[UUID, int]],
    linked: list[tuple[UUID]],
) -> dict[UUID, ScoringStanding]:
    """Where scoring stands for each of these people."""
    known = {scoring.user_id: (scoring, score) for scoring, score in concluded}
    version = {user_id: facts for user_id, facts in versions}  # noqa: C416 - a session's rows are no pairs
    return {user: _standing(known.get(user), version.get(user, 0), (user,) in linked) for user in user_ids}


def _standing(concluded: tuple[Scoring, Score | None] | None, version: int, has_linked: bool) -> ScoringStanding:
    if not has_linked:
        return ScoringStanding(ScoringState.NOTHING_LINKED, WHAT_TO_DO[ScoringState.NOTHING_LINKED], {}, None)
    if concluded is None or concluded[0].facts_version != version:
        score = concluded[1] if concluded else None
        return ScoringStanding(ScoringState.WORKING, WHAT_TO_DO[ScoringState.WORKING], {}, score)
    scoring, score = concluded
    return ScoringStanding(scoring.state, scoring.message or WHAT_TO_DO[scoring.state], dict(scoring.values), score)
