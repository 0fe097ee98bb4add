"""Which of all products one person may be shown, and for which amount."""

import numpy as np

from domain.market import eligibility
from domain.market.applicants import Applicant, people_of
from domain.market.pairing import Pairing
from domain.market.rules import ELIGIBLE
from domain.matching.matcher import Candidates
from domain.matching.shelf import Shelf


def allowed(shelf: Shelf, who: Applicant) -> Candidates:
    """The products against which nothing stands that is known, with what they would cost this person."""
    pair = _pair(shelf, who)
    return _illustrated(shelf, pair).only(np.flatnonzero(eligibility.seeing(pair)[0] == ELIGIBLE))


def illustrated(shelf: Shelf, who: Applicant) -> Candidates:
    """All products, each for the amount that `quoting.illustrate` would show this person."""
    return _illustrated(shelf, _pair(shelf, who))


def _pair(shelf: Shelf, who: Applicant) -> Pairing:
    return Pairing(people_of([who]), shelf.columns)


def _illustrated(shelf: Shelf, pair: Pairing) -> Candidates:
    return Candidates(shelf, np.arange(len(shelf)), pair.amount[0], pair.costs.monthly[0], pair.costs.total[0])
