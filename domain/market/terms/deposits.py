"""How much of a deposit each grade waives."""

from decimal import ROUND_DOWN, Decimal

from domain.credit.grades import Grade

WAIVED = {Grade.A: Decimal(1), Grade.B: Decimal("0.6"), Grade.C: Decimal("0.3"), Grade.D: Decimal(0)}


def split(deposit: int, grade: Grade | None) -> tuple[int, int]:
    """(held, waived), in minor units; together they are the deposit."""
    share = WAIVED[grade] if grade else Decimal(0)
    waived = int((deposit * share).quantize(Decimal(1), rounding=ROUND_DOWN))
    return deposit - waived, waived
