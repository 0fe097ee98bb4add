"""Groups of people by age, region and occupation: to see how each fares, and never so small that anybody could be told from them."""

from collections.abc import Mapping

PEOPLE_MIN = 20
OTHERS, UNTOLD = "others", "untold"
YOUNG = "-24"
AGES = ((25, YOUNG), (35, "25-34"), (45, "35-44"), (55, "45-54"))
OLDEST = "55-"
COLUMNS = ("age", "region", "occupation")


def age_band(age: int | None) -> str:
    if age is None:
        return UNTOLD
    return next((band for below, band in AGES if age < below), OLDEST)


def large_enough(sums: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Small groups become one, which takes in the next smallest until it is large enough itself.

    Else what is missing to the total would tell of the few. The first figure of each group is its people.
    """
    rising = sorted(sums.items(), key=lambda item: (item[1][0], item[0]))
    together: list[list[float]] = []
    while rising and (rising[0][1][0] < PEOPLE_MIN or 0 < sum(each[0] for each in together) < PEOPLE_MIN):
        together.append(rising.pop(0)[1])
    shown = dict(rising)
    total = [sum(figures) for figures in zip(*together, strict=True)]
    return {**shown, OTHERS: total} if together and total[0] >= PEOPLE_MIN else shown


def named_first(group: str) -> tuple[bool, bool, str]:
    """Sorts the groups that have a name before those that have none."""
    return group == UNTOLD, group == OTHERS, group
