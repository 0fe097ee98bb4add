"""What another policy would have shown: uniform, known row by row, or told from its own log."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.books.findings import BookRefused, Finding
from ml.ranking.logs import RankingLog
from ml.ranking.table import Floats, Ints


@dataclass(frozen=True)
class Policy:
    """`chosen`: its chance of the action in each row. `table[place]`: its chances of all actions, None if unknown."""

    name: str
    chosen: Floats
    table: Floats | None
    place: Ints


def uniform(log: RankingLog) -> Policy:
    actions = pd.unique(log.action)
    table = np.full((1, len(actions)), 1 / len(actions))
    return Policy("uniform", np.full(len(log), 1 / len(actions)), table, np.zeros(len(log), np.int64))


def of_column(log: RankingLog, name: str, chosen: Floats) -> Policy:
    return Policy(name, chosen, None, np.zeros(len(log), np.int64))


def of_log(log: RankingLog, target: RankingLog) -> Policy:
    """How often the other log shows each action at each position: the policy itself where it doesn't read the person."""
    action, actions = pd.factorize(log.action)
    place, places = pd.factorize(log.position)
    other = pd.Index(actions).get_indexer(pd.Index(target.action))
    where = pd.Index(places).get_indexer(pd.Index(target.position))
    known = (other >= 0) & (where >= 0)
    if not known.all():
        unseen = sorted({str(name) for name in target.action[other < 0]})[:5] or ["a position"]
        why = f"the target shows what the log never did ({', '.join(unseen)}), so the log can't say what comes of it"
        raise BookRefused([Finding(None, "item_id", why)])
    counts = np.zeros((len(places), len(actions)))
    np.add.at(counts, (where, other), 1.0)
    if not (counts.sum(axis=1) > 0).all():
        raise BookRefused([Finding(None, "position", "the target log lacks a position of the log")])
    table = counts / counts.sum(axis=1, keepdims=True)
    return Policy("the target log", table[place, action], table, place.astype(np.int64))
