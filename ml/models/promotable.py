"""Whether a model may score app users at all, whoever approves it."""

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
    return found


def _is_category(fact: str) -> bool:
    return fact in FEATURES and FEATURES[fact].is_category
