"""What a terminal can draw with letters: a gauge for points, bars to both sides of a line."""

from decimal import Decimal

POINTS_MIN, POINTS_MAX = 350, 950
GRADE_STYLES = {"A": "green", "B": "cyan", "C": "yellow", "D": "red"}
EIGHTHS = " ▏▎▍▌▋▊▉█"


def gauge(points: int, width: int) -> tuple[str, str]:
    """The filled and the empty part of a line from 350 to 950 points."""
    share = (points - POINTS_MIN) / (POINTS_MAX - POINTS_MIN)
    filled = round(width * min(max(share, 0.0), 1.0))
    return "━" * filled, "─" * (width - filled)


def bar_left(effect: int, most: int, width: int) -> str:
    """Grows to the left, by half letters; empty where the effect is not negative."""
    if effect >= 0:
        return " " * width
    halves = max(1, round(-effect / most * width * 2))
    return ("▐" * (halves % 2) + "█" * (halves // 2)).rjust(width)


def bar_right(effect: int, most: int, width: int) -> str:
    if effect <= 0:
        return " " * width
    eighths = max(1, round(effect / most * width * 8))
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(width)


def signed(effect: int) -> str:
    return f"{effect:+d}".replace("-", "−") if effect else "0"


def money(told: dict[str, str]) -> str:
    return f"{Decimal(told['amount']):,.2f} {told['currency']}"


def percent(rate: str | None) -> str:
    return f"{(Decimal(rate or 0) * 100).normalize():f} %"


def seconds(took: float) -> str:
    return f"{took * 1000:.0f} ms" if took < 1 else f"{took:.1f} s"
