"""A loan book that passed its checks: inputs, outcomes, and what is needed to split it honestly."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.books.describing import Description
from ml.books.findings import Notes
from ml.books.suspicions import Suspicion
from ml.models.artefact import Input

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Book:
    """One row per loan whose outcome is known. `frame` holds the inputs in order: floats, then categories as text."""

    description: Description
    inputs: tuple[Input, ...]
    frame: pd.DataFrame
    bad: Floats  # 1 where the loan went bad
    weights: Floats
    groups: NDArray[np.int64] | None = None  # rows of one group stay on one side of every split
    moments: Floats | None = None  # when the loan was made, in any rising unit
    sensitive: pd.DataFrame = field(default_factory=pd.DataFrame)  # group labels
    notes: Notes = field(default_factory=Notes)
    data_hash: str = ""
    rejects: int = 0  # rows of declined applications, kept out
    sources: Mapping[str, int] = field(
        default_factory=dict
    )  # how many of the rows each source told, where the book says so
    lot: Floats | None = (
        None  # a number from 0 to 1 per row, drawn from what stands in it, wherever in the file it stands
    )
    suspicions: tuple[Suspicion, ...] = ()
    suspected: "Book | None" = None  # the same rows with the columns that suspicion leaves out

    def __len__(self) -> int:
        return len(self.bad)

    @property
    def bads(self) -> int:
        return int(self.bad.sum())

    @property
    def numbers(self) -> int:
        """How many inputs are numbers; these come first."""
        return sum(each.kind == "number" for each in self.inputs)

    def in_order(self) -> "Book":
        """The rows in an order that hangs on nothing but the rows, so that the order of a file changes no model."""
        if self.lot is None:
            return self
        order = np.argsort(self.lot, kind="stable")
        laid = self.take(order)
        groups = None if laid.groups is None else pd.factorize(laid.groups)[0].astype(np.int64)
        return replace(laid, groups=groups, suspected=self.suspected and self.suspected.take(order))

    def without(self, columns: Iterable[str]) -> "Book":
        """These rows without the inputs that are made from these columns."""
        gone = set(columns)
        kept = [index for index, each in enumerate(self.inputs) if each.column not in gone]
        return replace(self, inputs=tuple(self.inputs[i] for i in kept), frame=self.frame.iloc[:, kept], suspected=None)

    def take(self, rows: Rows) -> "Book":
        """This book with these rows only."""
        return replace(
            self,
            frame=self.frame.iloc[rows],
            bad=self.bad[rows],
            weights=self.weights[rows],
            groups=None if self.groups is None else self.groups[rows],
            moments=None if self.moments is None else self.moments[rows],
            sensitive=self.sensitive.iloc[rows] if len(self.sensitive.columns) else self.sensitive,
            lot=None if self.lot is None else self.lot[rows],
            suspected=None,
        )

    def matrix(self) -> NDArray[Any]:
        """The inputs as a model scores them."""
        return self.frame.to_numpy(dtype=object)
