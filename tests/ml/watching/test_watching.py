"""The watch counts what it says it counts, each score once, and tells nobody about the few."""

import time
from datetime import UTC, date, datetime, timedelta
from math import isclose, nan
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, insert, select, update

from domain import approvals
from domain.actors import Role, StaffActor
from domain.applications.decisions import Decision, DecisionOutcome
from domain.credit import scores
from domain.credit.outcomes import LoanOutcome
from domain.credit.scores import Score
from domain.facts import readings
from domain.facts.open_readings import Observed
from domain.people import groups, staffing, users
from domain.people.users import User
from domain.permissions import Permission
from infra.database import Db, reading
from infra.ids import new_id
from infra.outbox import Event
from infra.vault import PersonKey
from ml.figures.drift import Alarm, Share
from ml.live.approvals import MODEL
from ml.live.registry import ModelStanding
from ml.live.store import ModelKind
from ml.models.artefact import Artefact, ArtefactError
from ml.score.scoring import scored
from ml.watching import bins, snapshots, tasks, watch
from ml.watching.bins import SCORE, WatchMark
from ml.watching.snapshots import WatchSnapshot
from ml.watching.watch import Spread
from tests.statements import statements
from tests.tampering import tamper

# Nobody else's scores and decisions lie so far ahead.
FAR = datetime(2900, 3, 1, 12, tzinfo=UTC)
NUMBERS = {"edges": [1.0, 2.0], "shares": [0.2, 0.3, 0.4, 0.1]}
LEVELS = {"levels": ["a", "b"], "shares": [0.5, 0.3]}


class TestBins:
    @pytest.mark.parametrize(
        ("value", "place"), [(0.5, 0), (1.0, 1), (1.5, 1), (2.0, 2), (9, 2), (None, 3), (nan, 3), (True, 1)]
    )
    def test_a_number_falls_where_it_fell_in_training(self, value: float | None, place: int) -> None:
        assert bins.bin_of(NUMBERS, value) == place

    @pytest.mark.parametrize(("value", "place"), [("a", 0), ("b", 1), ("c", 2), (None, 2)])
    def test_a_level_has_its_bin_and_all_others_one(self, value: str | None, place: int) -> None:
        assert bins.bin_of(LEVELS, value) == place

    def test_every_bin_has_a_share(self) -> None:
        assert bins.expected(NUMBERS) == [0.2, 0.3, 0.4, 0.1]
        assert bins.expected(LEVELS) == [0.5, 0.3, pytest.approx(0.2)]

    def test_ids_rise_with_time(self) -> None:
        now = time.time()
        assert tasks.first_id_at(now - 1) < new_id() < tasks.first_id_at(now + 5)


class TestSpread:
    def test_too_few_scores_tell_nothing(self) -> None:
        spread = Spread("x", "x", (0.5, 0.5), (199, 0))
        assert spread.psi is not None and spread.psi > 1
        assert spread.alarm is None

    @pytest.mark.parametrize(
        ("found", "alarm"), [((500, 500), Alarm.FINE), ((680, 320), Alarm.LOOK), ((800, 200), Alarm.STOP)]
    )
    def test_enough_of_them_raise_the_alarm(self, found: tuple[int, int], alarm: Alarm) -> None:
        assert Spread("x", "x", (0.5, 0.5), found).alarm is alarm

    def test_without_scores_there_is_no_index(self) -> None:
        spread = Spread("x", "x", (0.5, 0.5), (0, 0))
        assert (spread.psi, spread.alarm, spread.shares) == (None, None, (0.0, 0.0))


class TestApprovals:
    def test_a_gap_beyond_chance_is_a_concern(self) -> None:
        told = watch.by_approvals([["age", "-24", 200, [80]], ["age", "25-34", 200, [180]], ["age", "55-", 20, [14]]])
        assert [(line.group, line.is_concern) for line in told] == [("-24", True), ("25-34", False), ("55-", False)]
        assert told[0].approved == Share(80, 200)
        assert told[0].declined == Share(120, 200)
        assert isclose(told[0].ratio, 4 / 9)

    def test_columns_are_compared_within_themselves(self) -> None:
        told = watch.by_approvals([["age", "-24", 100, [10]], ["region", "CN-SH", 100, [90]]])
        assert [line.ratio for line in told] == [1.0, 1.0]


class TestTruth:
    LINES = (
        ["m", "A", 760, 100, 1, 1.5],
        ["m", "B", 720, 200, 8, 7.0],
        ["m", "B", 680, 100, 30, 5.0],
        ["other", "B", 680, 100, 100, 5.0],
    )

    def test_grades_and_bands_add_up(self) -> None:
        told = watch.truth("m", self.LINES)
        assert told is not None
        assert [(grade.grade, grade.promised, grade.came) for grade in told.grades] == [
            ("A", 0.015, Share(1, 100)),
            ("B", 0.04, Share(38, 300)),
        ]
        assert [(band.points, band.came) for band in told.bands] == [
            (680, Share(30, 100)),
            (720, Share(8, 200)),
            (760, Share(1, 100)),
        ]
        assert (told.all.promised, told.all.came) == (13.5 / 400, Share(39, 400))
        assert [grade.is_kept for grade in told.grades] == [True, False]

    def test_another_models_outcomes_say_nothing_of_this_one(self) -> None:
        assert watch.truth("new", self.LINES) is None


@pytest.mark.parametrize("role", list(Role))
def test_marketing_does_not_watch(role: Role) -> None:
    assert StaffActor(uuid4(), role).may(Permission.WATCH_MODELS) == (role is not Role.MARKETING)


@pytest.fixture
async def live(models: None) -> Artefact:
    async with reading() as db:
        found = await watch.champion(db)
    assert found is not None
    return found


@pytest.fixture
async def marked(db: Db) -> Db:
    """As if all scores before had been counted."""
    mark = await bins._mark(db)
    mark.counted_to = new_id()
    await db.flush()
    return db


async def somebody(db: Db) -> User:
    return await users.find_or_register(db, f"+86137{uuid4().int % 10**8:08}")


async def score(db: Db, live: Artefact, *, known: float | None = 3.0, version: str | None = None) -> Score:
    row = tuple(known if each.name == "credit.open_loans" else None for each in live.inputs)
    made = await scores.record(db, (await somebody(db)).id, scored(live, row), FAR, 1)
    if version:
        await tamper(db)
        await db.execute(update(Score).where(Score.id == made.id).values(model_version=version))
    return made


LATER = UUID(int=2**128 - 1)


class TestCounting:
    async def test_each_score_counts_once_in_each_input(self, marked: Db, live: Artefact) -> None:
        await score(marked, live)
        await score(marked, live, known=None)
        assert not await bins.count_scores(marked, LATER)
        await bins.count_scores(marked, LATER)
        counted = await bins.counts(marked, live.version, FAR.date())
        edges = live.profile["inputs"]["credit.open_loans"]["edges"]
        known = live.profile["inputs"]["credit.open_loans"]
        assert counted["credit.open_loans"] == {bins.bin_of(known, 3.0): 1, len(edges) + 1: 1}
        assert {sum(places.values()) for places in counted.values()} == {2}
        assert set(counted) == {*live.profile["inputs"], SCORE}

    async def test_days_before_are_left_out(self, marked: Db, live: Artefact) -> None:
        await score(marked, live)
        await bins.count_scores(marked, LATER)
        assert await bins.counts(marked, live.version, FAR.date() + timedelta(days=1)) == {}

    async def test_it_goes_batch_by_batch(self, marked: Db, live: Artefact, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bins, "BATCH", 2)
        for _ in range(3):
            await score(marked, live)
        assert [await bins.count_scores(marked, LATER) for _ in range(3)] == [True, False, False]
        assert sum((await bins.counts(marked, live.version, FAR.date()))[SCORE].values()) == 3

    async def test_what_is_too_young_waits(self, marked: Db, live: Artefact) -> None:
        made = await score(marked, live)
        await bins.count_scores(marked, made.id)
        assert await bins.counts(marked, live.version, FAR.date()) == {}
        await bins.count_scores(marked, LATER)
        assert sum((await bins.counts(marked, live.version, FAR.date()))[SCORE].values()) == 1

    async def test_who_was_erased_is_not_counted(self, marked: Db, live: Artefact) -> None:
        made = await score(marked, live)
        await marked.execute(delete(PersonKey).where(PersonKey.user_id == made.user_id))
        await bins.count_scores(marked, LATER)
        assert await bins.counts(marked, live.version, FAR.date()) == {}

    async def test_a_model_that_is_gone_holds_nothing_up(self, marked: Db, live: Artefact) -> None:
        gone = await score(marked, live, version="gone")
        await bins.count_scores(marked, LATER)
        assert await bins.counts(marked, "gone", FAR.date()) == {}
        assert (await marked.get_one(WatchMark, bins.COUNTED)).counted_to == gone.id


async def snapshot(db: Db, at: datetime = FAR + timedelta(days=1)) -> WatchSnapshot:
    db.info["now"] = at
    await snapshots.take(db)
    taken = await snapshots.latest(db)
    assert taken is not None
    await db.refresh(taken)
    return taken


async def decided(db: Db, outcome: DecisionOutcome, *, born: date | None = None, times: int = 1) -> UUID:
    person = await somebody(db)
    if born:
        await readings.record(db, person.id, "profile", [Observed("profile.birth_date", born, FAR)])
    for number in range(times):
        row: dict[str, Any] = {"user_id": person.id, "id": new_id(), "application_id": new_id(), "decided_by": "rules"}
        row |= {"outcome": outcome, "decided_at": FAR + timedelta(minutes=number), "reasons_told": []}
        await db.execute(insert(Decision).values(**row, rule_version="test"))
    return person.id


class TestReactions:
    async def test_a_full_batch_asks_for_the_next(
        self, marked: Db, live: Artefact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bins, "BATCH", 2)
        monkeypatch.setattr(tasks, "SETTLED_AFTER_SECONDS", -60)
        for _ in range(3):
            await score(marked, live)
        due = select(func.count()).where(Event.name == tasks.SCORES_DUE)
        before = (await marked.execute(due)).scalar_one()
        announced = []
        for _ in range(2):
            await tasks.count_new_scores(marked, None)
            announced.append((await marked.execute(due)).scalar_one() - before)
        assert announced == [1, 1]
        assert sum((await bins.counts(marked, live.version, FAR.date()))[SCORE].values()) == 3

    async def test_the_snapshot_is_taken(self, db: Db) -> None:
        db.info["now"] = FAR
        await tasks.take_watch_snapshot(db, None)
        taken = await snapshots.latest(db)
        assert taken is not None and taken.taken_at == FAR


class TestSnapshot:
    async def test_people_are_counted_by_group_and_the_few_are_not_shown(self, db: Db) -> None:
        young, old = date(2880, 1, 1), date(2840, 1, 1)
        for _ in range(20):
            await decided(db, DecisionOutcome.APPROVE, born=young, times=2)
        for _ in range(21):
            await decided(db, DecisionOutcome.DECLINE, born=old)
        for _ in range(19):
            await decided(db, DecisionOutcome.DECLINE)
        await decided(db, DecisionOutcome.REFER)
        erased = await decided(db, DecisionOutcome.APPROVE)
        await db.execute(delete(PersonKey).where(PersonKey.user_id == erased))
        taken = await snapshot(db)
        assert [line for line in taken.decided if line[0] == "age"] == [
            ["age", "55-", 21, [0.0]],
            ["age", "others", 39, [20.0]],
        ]
        assert [line for line in taken.decided if line[0] == "region"] == [["region", "untold", 60, [20.0]]]

    async def test_matured_outcomes_are_told_by_grade_and_group(self, db: Db, live: Artefact) -> None:
        made = [await score(db, live) for _ in range(24)]
        for number, each in enumerate(made):
            db.add(LoanOutcome(user_id=each.user_id, score_id=each.id, bad=number < 6, observed_at=FAR))
        await db.flush()
        taken = await snapshot(db)
        first, expected = made[0], pytest.approx(24 * made[0].probability)
        band = first.points - first.points % 40
        assert taken.truths == [[live.version, first.grade, band, 24, 6, expected]]
        assert taken.matured == [[column, "untold", 24, [6.0, expected]] for column in groups.COLUMNS]

    async def test_a_second_snapshot_of_a_day_replaces_the_first(self, db: Db) -> None:
        await snapshot(db, FAR)
        again = await snapshot(db, FAR + timedelta(hours=1))
        assert (again.day, again.taken_at) == (FAR.date(), FAR + timedelta(hours=1))


class TestWatch:
    async def test_it_tells_of_the_champion(self, marked: Db, live: Artefact) -> None:
        marked.info["now"] = FAR
        await score(marked, live)
        await bins.count_scores(marked, LATER)
        seen = await watch.watch(marked, 7)
        assert seen is not None
        assert (seen.champion.version, seen.champion.simulated, seen.score.scores) == (live.version, True, 1)
        assert {each.name for each in seen.inputs} == {each.name for each in live.inputs if each.code is None}
        assert seen.score.alarm is None

    async def test_a_standing_that_is_refused_hides_nothing(
        self, db: Db, live: Artefact, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def broken(db: Db, kind: ModelKind) -> ModelStanding:
            raise ArtefactError("What is live of the kind score was changed by other hands")

        monkeypatch.setattr(watch, "standing", broken)
        seen = await watch.watch(db, 7)
        assert seen is not None
        assert (seen.champion.version, seen.standing, seen.challenger) == (
            live.version,
            ModelStanding(live.version),
            None,
        )

    async def test_it_names_who_vouched(self, db: Db, live: Artefact) -> None:
        people = []
        for name in ("Wen", "Lin"):
            proofs = {"password": "correct horse", "totp_secret": "JBSWY3DPEHPK3PXP"}
            email = f"{uuid4()}@longan.example"
            member = await staffing.appoint(db, email=email, name=name, role=Role.RISK, **proofs)
            people.append(StaffActor(member.id, Role.RISK))
        await approvals.propose(db, people[0], MODEL, subject=live.version, hash="seen", title="A model")
        await approvals.approve(db, people[1], MODEL, subject=live.version, seen="seen", now="seen")
        seen = await watch.watch(db, 7)
        assert seen is not None and seen.vouched_by == ("Wen", "Lin")


async def test_whoever_counts_and_whoever_forgets_begin_with_the_mark(db: Db) -> None:
    """Taken in one order by both, so that neither ever waits for the other."""
    for work in (bins.count_from_the_start(db), bins.count_scores(db, new_id())):
        with statements() as sent:
            await work
        assert next(statement for statement in sent if "watch_" in statement).startswith("INSERT INTO watch_marks")
