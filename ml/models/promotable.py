"""Whether a model may score app users at all, whoever approves it."""

from collections.abc import Iterator
from difflib import get_close_matches
from math import inf

from domain.facts.vocabulary import VOCABULARY, FactType
from ml.models.artefact import Artefact, Input
from ml.models.features import FEATURES, RATIO_MAX, Feature


def objections(model: Artefact) -> list[str]:
    """What is in the way, a sentence each; nothing when it may. Loading it has already refused what production must not use."""
    found = [f"No fact feeds the input {name}." for name in model.unmapped]
    for each in model.inputs:
        if each.fact is not None:
            found += _of_fact(model, each, each.fact)
    if not model.inputs:
        found.append("It has no inputs.")
    return [*found, *_unanswered(model)]


def _of_fact(model: Artefact, each: Input, fact: str) -> Iterator[str]:
    if fact not in VOCABULARY and fact not in FEATURES:
        close = get_close_matches(fact, FEATURES, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        yield f"The input {each.name} reads {fact}, and there is no such fact{hint}"
    elif fact not in FEATURES:
        yield f"The input {each.name} reads {fact}, which no model may read."
    elif each.origin is not None or FEATURES[fact].is_category != (each.kind == "category"):
        yield f"The input {each.name} is another kind of value than the fact {fact}."
    else:
        yield from _of_unit(model, each, FEATURES[fact])


def _of_unit(model: Artefact, each: Input, feature: Feature) -> Iterator[str]:
    """The middle eight tenths of training must be believable as the fact; a few odd cells are not held against a book."""
    edges = model.profile.get("inputs", {}).get(each.name, {}).get("edges", [])
    low, high = _believable(feature)
    if each.kind == "number" and len(edges) > 1 and (edges[0] < low or edges[-1] > high):
        yield (
            f"The input {each.name} mostly lies between {edges[0]:,.6g} and {edges[-1]:,.6g}, but {feature.name} between "
            f"{low:,.6g} and {high:,.6g} {feature.unit}: is it in another unit?"
        )


def _believable(feature: Feature) -> tuple[float, float]:
    if feature.over is not None:
        return 0.0, RATIO_MAX
    kind = VOCABULARY[feature.fact]
    low, high = (0.0, 1.0) if kind.type is FactType.FLAG else (kind.low, kind.high)
    return -inf if low is None else low, inf if high is None else high


def _unanswered(model: Artefact) -> Iterator[str]:
    """What nobody has answered is no yes. Models of before the questions were kept know only what they suspected."""
    asked = model.card.get("questions")
    names = model.card.get("leaks", []) if asked is None else [name for each in asked for name in each["unanswered"]]
    for name in dict.fromkeys(names):
        what = "all that it reads" if name == "*" else name
        yield f"Nobody has said whether {what} was known before the decision: train again with --known or --afterwards."
