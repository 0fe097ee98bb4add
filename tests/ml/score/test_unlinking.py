"""Monotone honesty: whatever a person hides of what they linked, the live model scores them no better for it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid5

import numpy as np

from domain.credit.scoring import NotEnoughKnown
from domain.facts import leaving, open_readings
from domain.facts.counting_on import CountingOn, source_of
from domain.facts.obligations import OBLIGATIONS
from domain.facts.open_readings import Opened
from domain.facts.sheets import FactSheet
from domain.facts.vocabulary import VOCABULARY, FactGroup
from integrations.sandbox.personas import PERSONAS
from ml.models.artefact import Artefact
from ml.population.simulating import SOURCES, Population
from ml.score.carrying import carried_in
from ml.score.explaining import CARRIED
from ml.score.scoring import points_with, score_with, scored
from tests.ml.conftest import ALL, NOW

SEEN = (NOW - timedelta(days=2)).isoformat()
ACCOUNTS = {source: uuid5(UUID(int=1), source) for source in SOURCES}
DEBTS = [name for each in OBLIGATIONS for name in each.owed]


def told_by(population: Population, index: int) -> list[Opened]:
    """What each account that this person linked tells."""
    return [
        Opened(
            source,
            [
                [name, float(told[index]), SEEN]
                for name, told in population.seen[source].items()
                if told[index] == told[index]
            ],
            simulated=True,
        )
        for source in SOURCES
        if population.linked[source][index]
    ]


def told_by_persona(key: str) -> list[Opened]:
    return [Opened(s, [[n, v, SEEN] for n, v in PERSONAS[key].facts[s].items()], simulated=True) for s in ALL]


def somebody(population: Population, count: int) -> Iterator[list[Opened]]:
    chosen = np.random.default_rng(5).choice(np.flatnonzero(population.has_any), count, replace=False)
    return (told_by(population, index) for index in chosen)


class Person:
    """Somebody who hides one thing after another; nothing else happens."""

    def __init__(self, model: Artefact, told: Sequence[Opened]) -> None:
        self.model, self.told = model, list(told)

    @property
    def sheet(self) -> FactSheet:
        return open_readings.drawn_from(self.told, NOW)

    @property
    def points(self) -> int:
        return points_with(self.model, self.sheet)

    def tell_only(self, source: str, anew: Opened | None) -> CountingOn | None:
        left = leaving.left_behind(self.told, ACCOUNTS[source], source, anew, NOW, self._weigh)
        gone = {source, source_of(ACCOUNTS[source])}
        self.told = [each for each in self.told if each.source not in gone]
        self.told += [each for each in (anew, left) if each is not None]
        return CountingOn.read(left.rows) if left else None

    def unlink(self, source: str) -> CountingOn | None:
        return self.tell_only(source, None)

    def _weigh(self, before: FactSheet, after: FactSheet) -> int:
        return points_with(self.model, after) - points_with(self.model, before)


def test_no_account_is_worth_hiding_in_any_order(model: Artefact, population: Population) -> None:
    """The tolerance is zero points. What would have been won without the rule shows that the test has teeth."""
    won = 0
    for told in somebody(population, 24):
        for order in permutations([each.source for each in told]):
            person = Person(model, told)
            for source in order:
                before, naive = person.points, [each for each in person.told if each.source != source]
                won += points_with(model, open_readings.drawn_from(naive, NOW)) > before
                person.unlink(source)
                assert person.points <= before
    assert won > 20


def test_no_debt_and_no_arrear_is_worth_hiding(model: Artefact, population: Population) -> None:
    """Linking the same account again with fewer facts, as by a narrower leave, hides them too."""
    hidden = 0
    for told in somebody(population, 40):
        for account in told:
            for name in {row[0] for row in account.rows} & {*DEBTS, "income.monthly_inflow", "account.real_name"}:
                person = Person(model, told)
                before = person.points
                less = account._replace(rows=[row for row in account.rows if row[0] != name])
                person.tell_only(account.source, less)
                assert person.points <= before, name
                hidden += 1
    assert hidden > 150


def test_an_empty_account_in_place_of_the_first_hides_nothing(model: Artefact) -> None:
    person = Person(model, [each for each in told_by_persona("over-borrowed") if each.source == "taobao"])
    before = person.points
    left = person.unlink("taobao")
    person.told.append(Opened("taobao", [["repayment.late_24m", 0, NOW.isoformat()]], simulated=True))
    assert left is not None
    assert "repayment.late_24m" in left.facts
    assert person.sheet.values["repayment.late_24m"] == 6
    assert person.points <= before


def test_debts_count_on_with_what_they_are_judged_with_and_nothing_else(model: Artefact) -> None:
    left = Person(model, told_by_persona("over-borrowed")).unlink("oidc")
    assert left is not None
    told = PERSONAS["over-borrowed"].facts["oidc"]
    debts = [name for name in told if name.startswith(("credit.", "repayment."))]
    assert set(left.facts) == set(debts)
    assert set(left.hidden) == set(told) - set(debts)
    assert left.until == NOW + timedelta(days=180)


def test_who_owes_nothing_leaves_nothing_but_that_an_income_is_hidden(model: Artefact) -> None:
    person = Person(model, told_by_persona("thin-file-student"))
    assert person.unlink("wechat") is None
    assert not person.sheet.hides_income
    left = person.unlink("oidc")
    assert left is not None
    assert (left.facts, left.hides_income, person.sheet.hides_income) == ((), True, True)
    person.told.append(Opened("alipay", [["income.monthly_inflow", 1_800, NOW.isoformat()]], simulated=True))
    assert not person.sheet.hides_income


def test_what_has_grown_too_old_is_not_woken(model: Artefact) -> None:
    """A debt that counts no longer while its account is linked does not count on after it is unlinked."""
    old = (NOW - timedelta(days=200)).isoformat()
    aged = [each._replace(rows=[[n, v, old] for n, v, _ in each.rows]) for each in told_by_persona("over-borrowed")]
    left = Person(model, aged).unlink("oidc")
    assert left is None or left.facts == ()


def test_linking_again_replaces_what_counted_on(model: Artefact) -> None:
    told = told_by_persona("over-borrowed")
    person = Person(model, told)
    before = person.points
    for source in ALL:
        person.unlink(source)
    for each in told:
        assert person.tell_only(each.source, each) is None
    assert person.points == before
    assert person.sheet.counting_on == ()


def test_it_ends_by_itself(model: Artefact) -> None:
    person = Person(model, told_by_persona("over-borrowed"))
    left = person.unlink("oidc")
    assert left is not None
    later = open_readings.drawn_from(person.told, left.until - timedelta(seconds=1))
    assert later.values.keys() >= set(left.facts)
    assert later.stale_at == left.until
    over = open_readings.drawn_from(person.told, left.until)
    assert (over.counting_on, over.points_carried) == ((), 0)
    assert not over.values.keys() & set(left.facts)


def test_what_is_carried_is_a_factor_and_adds_up_and_replays(model: Artefact, population: Population) -> None:
    seen = 0
    for told in somebody(population, 80):
        for source in [each.source for each in told]:
            person = Person(model, told)
            left = person.unlink(source)
            answer = score_with(model, person.sheet)
            if isinstance(answer, NotEnoughKnown):
                continue
            effects = {factor.code: factor.effect for factor in answer.factors}
            assert answer.base_points + sum(effects.values()) == answer.points
            assert effects.get(CARRIED, 0) == -(left.points if left else 0)
            assert any(reason.code == "UNLINKED_COUNTS" for reason in answer.reasons) <= (CARRIED in effects)
            inputs, carried = carried_in(answer.vector)
            assert scored(model, tuple(inputs[each.name] for each in model.inputs), carried) == answer
            seen += CARRIED in effects
    assert seen > 5


def test_every_arrear_and_debt_of_the_vocabulary_is_one_that_counts_on() -> None:
    """A new fact of repayments or credit must say whether it is owed, or what it is judged with."""
    sorted_out = {name for each in OBLIGATIONS for name in (*each.owed, *each.judged_with)}
    about_debts = {n for n, kind in VOCABULARY.items() if kind.group is FactGroup.REPAYMENT or n.startswith("credit.")}
    assert sorted_out == about_debts
