"""What was refused has one status, whichever page says it."""

import pytest

from api.refusing import status_of
from infra.errors import Refusal, RefusalCode


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (RefusalCode.INVALID, 400),
        (RefusalCode.COST_ABOVE_CAP, 400),
        (RefusalCode.CODE_WRONG, 400),
        (RefusalCode.NOT_ALLOWED, 403),
        (RefusalCode.NOT_FOUND, 404),
        (RefusalCode.NOT_OPEN, 409),
        (RefusalCode.RATE_LIMITED, 429),
    ],
)
def test_a_refusal_has_one_status(code: RefusalCode, status: int) -> None:
    assert status_of(Refusal(code, "No.")) == status


def test_what_was_not_refused_went_well() -> None:
    assert status_of(None) == 200
