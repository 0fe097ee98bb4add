"""The watch in a browser: what is known is told, what is not known is said to be unknown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from domain.actors import Role
from infra import outbox
from infra.database import Db, reading
from infra.outbox import Event
from ml.live import store
from ml.live.registry import ModelStanding
from ml.live.serving import Live
from ml.live.store import ModelKind
from ml.models.artefact import Artefact
from ml.promotion.challenging import SideBySide
from ml.watching import bins, snapshots, tasks, watch
from ml.watching.snapshots import WatchSnapshot
from tests.api.console.pages.conftest import Browser, NewBrowser

NOON = datetime(2026, 11, 22, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
async def browser(browser_of: NewBrowser) -> Browser:
    return await browser_of(Role.RISK)


@pytest.fixture
async def live(models: None) -> Artefact:
    async with reading() as db:
        found = await watch.champion(db)
    assert found is not None
    return found


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, live: Artefact) -> Any:
    """Let the page find these counts."""

    def show(found: dict[str, dict[int, int]] | None = None, **lines: Any) -> None:
        empty: dict[str, Any] = {"standings": {}, "decided": [], "matured": [], "truths": []}
        snapshot = WatchSnapshot(day=NOON.date(), taken_at=NOON, **{**empty, **lines}) if lines else None

        async def latest(db: Db) -> WatchSnapshot | None:
            return snapshot

        async def counts(db: Db, *_: object) -> dict[str, dict[int, int]]:
            return found or {}

        monkeypatch.setattr(snapshots, "latest", latest)
        monkeypatch.setattr(bins, "counts", counts)

    return show


async def test_it_says_which_model_is_live_and_that_it_is_simulated(
    browser: Browser, live: Artefact, seen: Any
) -> None:
    seen()
    told = await browser.text("/console/watch")
    assert live.version in told
    assert "Simulated The live score model learned from simulated people. No figure here speaks of real ones." in told
    assert "and are no measure of performance" in told
    assert f"AUC simulated {live.card['figures']['auc']:.3f}" in told


async def test_the_regulator_reads_which_is_live(browser: Browser, live: Artefact) -> None:
    assert f"<dd><code>{live.version}</code></dd>" in (await browser.open("/console/regulator")).text


async def test_what_is_not_known_is_said_to_be_unknown(browser: Browser, seen: Any) -> None:
    seen()
    told = await browser.text("/console/watch")
    assert "No matured outcomes yet. Whether the model says the truth is known only when loans have run" in told
    assert "No group has 20 decided people yet." in told
    assert "Nothing was counted yet." in told
    assert "The first count comes within the hour." in told
    assert "No model challenges this one." in told
    assert "Steady" not in told and "Too few to tell" in told


async def test_drift_is_told_in_words(browser: Browser, live: Artefact, seen: Any) -> None:
    places = len(live.profile["log_odds"]["shares"])
    seen({bins.SCORE: {places - 2: 1000}, "credit.open_loans": {0: 100}})
    told = await browser.text("/console/watch?days=7")
    assert "1,000 in the last 7 days" in told
    assert told.count("Stop and ask why") == 1  # the score; of the input there are too few


async def test_matured_outcomes_are_set_against_what_was_promised(browser: Browser, live: Artefact, seen: Any) -> None:
    seen(
        truths=[[live.version, "A", 760, 400, 4, 6.0], [live.version, "D", 560, 100, 90, 30.0], ["x", "B", 1, 1, 1, 1]],
        matured=[["age", "-24", 100, [50.0, 10.0]], ["age", "25-34", 400, [44.0, 26.0]]],
    )
    told = await browser.text("/console/watch")
    assert "Of 500 loans that have matured" in told
    assert "A 400 1.5% 1.0% 0.4% – 2.5% kept" in told
    assert "D 100 30.0% 90.0% 82.6% – 94.5% not kept" in told
    assert "under 25 100 10.0% 50.0% 40.4% – 59.6% not kept" in told
    assert "560–599 30.0% 90.0%" in told


async def test_groups_are_told_with_their_intervals(browser: Browser, seen: Any) -> None:
    seen(decided=[["age", "-24", 200, [80]], ["age", "25-34", 200, [180]], ["occupation", "<b>baker</b>", 50, [40]]])
    told = await browser.text("/console/watch")
    assert "under 25 40% 33% – 47% 60% 200 0.44" in told
    assert "25-34 90% 85% – 93% 10% 200 1.00" in told
    assert told.count("Approved less than four fifths as often") == 1
    assert "&lt;b&gt;baker" in (await browser.open("/console/watch")).text


async def test_it_is_taken_away_as_csv(browser: Browser, live: Artefact, seen: Any) -> None:
    seen(
        {bins.SCORE: {0: 10}},
        truths=[[live.version, "A", 760, 400, 4, 6.0]],
        matured=[["age", "-24", 100, [50.0, 10.0]]],
        decided=[["age", "-24", 200, [80]], ["age", "25-34", 200, [180]]],
    )
    response = await browser.open("/console/watch.csv?days=7")
    assert response.headers["content-disposition"] == 'attachment; filename="longan-watch.csv"'
    head, drift, *others = response.text.splitlines()
    assert head == "\ufeffabout,column,name,count,psi,promised,came,low,high,ratio,verdict"
    assert drift.startswith(f"drift,,{bins.SCORE},10,")
    told = [line.split(",") for line in others if not line.startswith("drift")]
    assert [(*line[:4], line[10]) for line in told] == [
        ("grade", "", "A", "400", "kept"),
        ("errors", "age", "'-24", "100", "not kept"),
        ("approvals", "age", "'-24", "200", "concern"),
        ("approvals", "age", "25-34", "200", ""),
    ]


async def test_who_could_not_be_scored_is_counted(browser: Browser, seen: Any) -> None:
    seen(standings={"READY": 940, "THIN": 50, "OUT_OF_RANGE": 10, "NOTHING_LINKED": 5000})
    told = await browser.text("/console/watch")
    assert "94% of 1,000 people with linked accounts" in told
    assert "Not enough known 50 5.0%" in told
    assert "Out of the model's range 10 1.0%" in told
    assert "Counted Nov 22, 2026, 12:05:06" in told


async def test_a_challenger_is_shown_beside(
    browser: Browser, live: Artefact, seen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def side_by_side(db: Db, challenger: str) -> SideBySide:
        return SideBySide(scores=120, unknown=3, mean_difference=-4.25, moved=9)

    seen()

    async def stands(db: Db, kind: ModelKind) -> ModelStanding:
        return ModelStanding(live.version, "feedbeef")

    monkeypatch.setattr(watch, "standing", stands)
    monkeypatch.setattr("ml.promotion.challenging.side_by_side", side_by_side)
    told = await browser.text("/console/watch")
    assert "feedbeef scores the same people in the shadow" in told
    assert "Scores side by side 120 Another grade 9 Mean difference in points -4.2 It knows not enough 3" in told


async def test_without_a_model_nothing_is_claimed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_live", Live(ModelKind.SCORE, store.load_score, lambda now: None))
    told = await browser.text("/console/watch")
    assert "No score model is live" in told
    assert "Simulated" not in told


@pytest.mark.parametrize("asked", ["0", "100000000000000000000", "-1", "x", "7.5", "٧"])
async def test_other_windows_are_thirty_days(browser: Browser, seen: Any, asked: str) -> None:
    seen()
    assert "in the last 30 days" in await browser.text(f"/console/watch?days={asked}")


async def test_counting_now_announces_both_counts(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    told, announce = [], outbox.announce

    async def listen(db: Db, name: str, **more: Any) -> Event:
        event = await announce(db, name, **more)
        told.append((name, event.id))
        return event

    monkeypatch.setattr(outbox, "announce", listen)
    response = await browser.send("/console/watch/count")
    assert (response.status_code, response.headers["location"]) == (303, "/console/watch?counting")
    assert [name for name, _ in told] == [tasks.SCORES_DUE, tasks.SNAPSHOT_DUE]
    async with reading() as db:
        kept = select(Event.name).where(Event.id.in_([id for _, id in told]))
        assert set((await db.execute(kept)).scalars()) == {tasks.SCORES_DUE, tasks.SNAPSHOT_DUE}
