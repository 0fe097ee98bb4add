"""Many people as columns, for one product's rules: what `rules` asks of one person and all products, the other way round."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from domain.credit import policy
from domain.market.terms import costing, quoting
from domain.matching.columns import Flags, Objects, Whole
from domain.matching.rules import CODES, ELIGIBLE, Known
from domain.matching.shelf import Shelf

UNKNOWN = -1
Texts = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Crowd:
    """One row a person; UNKNOWN stands against nothing. Regions and occupations are places in the lists beside them."""

    regions: Texts
    occupations: Texts
    age: Whole
    region: Whole
    occupation: Whole
    income: Whole
    grade_rank: Whole
    burden: Whole
    is_behind: Whole

    def __len__(self) -> int:
        return len(self.age)

    @cached_property
    def is_income_known(self) -> Flags:
        return _known(self.income)

    @cached_property
    def wanted(self) -> Whole:
        """The amount that each is shown where a product offers it."""
        return self.income // quoting.STEP * quoting.STEP

    @cached_property
    def affordable(self) -> Whole:
        """The most that one more instalment may take each month; without end where no income is known."""
        most = policy.burden_max(self.income) - self.burden
        return np.where(self.is_income_known, most, np.iinfo(np.int64).max)

    def packed(self) -> dict[str, Any]:
        """As JSON can hold it."""
        columns = {name: getattr(self, name).tolist() for name in _NUMBERS}
        return {"regions": self.regions, "occupations": self.occupations, **columns}


_NUMBERS = tuple(field.name for field in fields(Crowd) if field.name not in ("regions", "occupations"))


def unpacked(told: dict[str, Any]) -> Crowd:
    numbers = {name: np.array(told[name], np.int64) for name in _NUMBERS}
    return Crowd(tuple(told["regions"]), tuple(told["occupations"]), **numbers)


def of(people: Sequence[Known]) -> Crowd:
    """In an order of their own: it tells nothing of whose row is whose."""
    rows = sorted(people, key=repr)
    regions, occupations = _texts(known.region for known in rows), _texts(known.occupation for known in rows)
    return Crowd(
        regions=regions,
        occupations=occupations,
        age=_numbers(known.age for known in rows),
        region=_places(regions, (known.region for known in rows)),
        occupation=_places(occupations, (known.occupation for known in rows)),
        income=_numbers(known.income for known in rows),
        grade_rank=_numbers(known.grade_rank for known in rows),
        burden=_numbers(known.burden for known in rows),
        is_behind=_numbers(int(known.is_behind) for known in rows),
    )


def joined(crowds: Sequence[Crowd]) -> Crowd:
    regions, occupations = (
        _texts(text for crowd in crowds for text in getattr(crowd, name)) for name in ("regions", "occupations")
    )
    columns: dict[str, Any] = {name: _together([getattr(crowd, name) for crowd in crowds]) for name in _NUMBERS}
    columns["region"] = _together([_moved(crowd.region, crowd.regions, regions) for crowd in crowds])
    columns["occupation"] = _together([_moved(crowd.occupation, crowd.occupations, occupations) for crowd in crowds])
    return Crowd(regions, occupations, **columns)


def first_against(crowd: Crowd, shelf: Shelf, row: int) -> Whole:
    """For each person the place in CODES of the first rule of this product that he does not meet."""
    found = np.full(len(crowd), ELIGIBLE)
    for code, stands_against in reversed([*_against(crowd, shelf, row)]):
        found[stands_against] = CODES.index(code)
    return found


def counts(crowd: Crowd, shelf: Shelf, rows: Sequence[int]) -> Whole:
    """For the products at these rows, how many people each of CODES counts for."""
    each = [np.bincount(first_against(crowd, shelf, row), minlength=len(CODES)) for row in rows]
    return np.array(each, np.int64).reshape(len(rows), len(CODES))


def _against(crowd: Crowd, shelf: Shelf, row: int) -> Iterator[tuple[str, Flags]]:
    columns = shelf.columns
    yield "AGE_OUTSIDE", _known(crowd.age) & ((crowd.age < columns.age_min[row]) | (crowd.age > columns.age_max[row]))
    yield "OUTSIDE_AREA", _outside(crowd.region, crowd.regions, columns.regions, row)
    yield "OCCUPATION_OUTSIDE", _outside(crowd.occupation, crowd.occupations, columns.occupations, row)
    yield "INCOME_TOO_LOW", crowd.is_income_known & (crowd.income < columns.income_at_least[row])
    yield "GRADE_TOO_LOW", crowd.grade_rank > columns.grade_needed[row]
    if columns.is_instant[row]:
        yield "RECENT_ARREARS", crowd.is_behind > 0
    yield "BURDEN_TOO_HIGH", _monthly(crowd, shelf, row) > crowd.affordable


def _monthly(crowd: Crowd, shelf: Shelf, row: int) -> Whole:
    """What a month costs, of the amount that each would be shown. It counts only where an income is known."""
    columns = shelf.columns
    amount = np.clip(crowd.wanted, columns.amount_min[row], columns.amount_max[row])
    return costing.costs(amount, columns.annual_rate[row], columns.fee_rate[row], columns.months[row]).monthly


def _outside(places: Whole, texts: Texts, allowed: Objects, row: int) -> Flags:
    if allowed[row] is None or not texts:
        return np.zeros(len(places), bool)
    is_outside = np.array([text not in allowed[row] for text in texts])
    return np.asarray(_known(places) & is_outside[places])


def _known(column: Whole) -> Flags:
    return np.asarray(column != UNKNOWN)


def _numbers(values: Iterable[int | None]) -> Whole:
    return np.fromiter((UNKNOWN if value is None else value for value in values), np.int64)


def _texts(values: Iterable[str | None]) -> Texts:
    return tuple(sorted({value for value in values if value is not None}))


def _places(texts: Texts, values: Iterable[str | None]) -> Whole:
    place = {text: number for number, text in enumerate(texts)}
    return _numbers(None if value is None else place[value] for value in values)


def _moved(places: Whole, old: Texts, new: Texts) -> Whole:
    """The same texts as places in another list; the last entry is for who has none."""
    return _places(new, [*old, None])[places]


def _together(columns: Sequence[Whole]) -> Whole:
    return np.concatenate(columns) if columns else np.zeros(0, np.int64)
