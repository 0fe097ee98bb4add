"""The app's answers are kept for each person, and for everybody who has not signed in."""

from collections.abc import Hashable

from starlette.types import ASGIApp

from api.app.authenticating import authenticate, visit_of
from api.graphql.kept.keeping import Keeping
from domain.credit.scoring import scorer
from domain.matching.matcher import matcher
from infra.settings import settings
from ml.models.artefact import ArtefactError


def keeping(door: ASGIApp) -> Keeping:
    most = settings().answers_kept_bytes
    return Keeping(door, look=visit_of, serving=serving, authenticate=authenticate, most=most)


def serving() -> Hashable:
    """The models that answer in this process; None where none is live."""
    try:
        return scorer().model_version, matcher().model_version
    except ArtefactError:
        return None
