"""Whether a model may score app users at all, whoever approves it."""

from collections.abc import Iterator

from ml.models.artefact import Artefact
from ml.models.features import FEATURES


def objections(model: Artefact) -> list[str]:
    """What is in the way, a sentence each; nothing when it may. Loading it has already refused what production must not use."""
    found = [f"No fact feeds the input {name}." for name in model.unmapped]
    for each in model.inputs:
        if each.fact is not None and each.fact not in FEATURES:
            found.append(f"The input {each.name} reads {each.fact}, which no model may read.")
        if each.fact is not None and (each.origin is not None or _is_category(each.fact) != (each.kind == "category")):
            found.append(f"The input {each.name} is another kind of value than the fact {each.fact}.")
    if not model.inputs:
        found.append("It has no inputs.")
    return [*found, *_unanswered(model)]


def _unanswered(model: Artefact) -> Iterator[str]:
    """What nobody has answered is no yes. Models of before the questions were kept know only what they suspected."""
    asked = model.card.get("questions")
    names = model.card.get("leaks", []) if asked is None else [name for each in asked for name in each["unanswered"]]
    for name in dict.fromkeys(names):
        what = "all that it reads" if name == "*" else name
        yield f"Nobody has said whether {what} was known before the decision: train again with --known or --afterwards."


def _is_category(fact: str) -> bool:
    return fact in FEATURES and FEATURES[fact].is_category
