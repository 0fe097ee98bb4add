"""Small charts as inline SVG, stretched to their place: every word beside them is HTML and stays as large as all others.

Shapes take their colours by class from the style sheet; the policy of the pages allows no styles within.
"""

from collections.abc import Sequence
from math import sqrt

from markupsafe import Markup

HEIGHT = 100
DRAWN_FROM = 20  # a funnel of fewer looks like something, and is chance


def bar(share: float, kind: str = "good") -> Markup:
    """A horizontal bar over `share` of the width."""
    width = round(100 * min(max(share, 0.0), 1.0), 2)
    shapes = f'<rect class="track" width="100" height="10"/><rect class="{kind}" width="{width}" height="10"/>'
    return _svg(shapes, 10, "bar")


def meter(value: float, limit: float, marks: Sequence[float], kind: str) -> Markup:
    """A bar up to `limit`, with thin lines at the thresholds."""
    shapes = [
        '<rect class="track" width="100" height="10"/>',
        f'<rect class="{kind}" width="{min(value / limit, 1) * 100:.2f}" height="10"/>',
        *(f'<rect class="mark" x="{100 * mark / limit:.2f}" width="0.5" height="10"/>' for mark in marks),
    ]
    return _svg("".join(shapes), 10, "bar")


def interval(low: float, middle: float, high: float, limit: float = 1.0, kind: str = "good") -> Markup:
    """A rate with what chance leaves open around it."""
    left, right, spot = (100 * min(each / limit, 1.0) for each in (low, high, middle))
    return _svg(
        '<rect class="track" width="100" height="10"/>'
        f'<rect class="{kind} soft" x="{left:.2f}" y="2.5" width="{max(right - left, 0.6):.2f}" height="5"/>'
        f'<rect class="{kind}" x="{max(spot - 0.5, 0):.2f}" width="1" height="10"/>',
        10,
        "bar",
    )


def around_zero(low: float, middle: float, high: float, limit: float) -> Markup:
    """A difference with what chance leaves open around it, from -`limit` to `limit`, with a line at zero."""
    left, right, spot = (50 + 50 * max(-1.0, min(each / limit, 1.0)) for each in (low, high, middle))
    kind = "good" if low > 0 else "stop" if high < 0 else "few"
    return _svg(
        '<rect class="track" width="100" height="10"/>'
        f'<rect class="{kind} soft" x="{left:.2f}" y="2" width="{max(right - left, 0.6):.2f}" height="6"/>'
        f'<rect class="{kind}" x="{max(spot - 0.4, 0):.2f}" width="0.8" height="10"/>'
        '<rect class="mark" x="49.8" width="0.4" height="10"/>',
        10,
        "bar",
    )


def twins(before: Sequence[float], after: Sequence[float]) -> Markup:
    """Two spreads over the same bins, side by side: training and now."""
    top, room = max([*before, *after, 1e-9]), 100 / max(len(before), 1)
    shapes = []
    for place, pair in enumerate(zip(before, after, strict=True)):
        for side, (share, kind) in enumerate(zip(pair, ("before", "after"), strict=True)):
            height = round(HEIGHT * share / top, 2)
            x = room * (place + 0.1 + 0.4 * side)
            shapes.append(
                f'<rect class="{kind}" x="{x:.2f}" y="{HEIGHT - height:.2f}" width="{room * 0.4:.2f}" height="{height}"/>'
            )
    return _svg("".join(shapes), HEIGHT, "twins")


def funnel(counts: Sequence[int]) -> Markup:
    """A stream that narrows from step to step, each in the middle of its column, as wide as the square root of its count."""
    widest, room, middle = sqrt(max([*counts, 1])), 100 / max(len(counts), 1), HEIGHT / 2
    steps = [(room * (place + 0.5), middle * sqrt(count) / widest) for place, count in enumerate(counts)]
    outline = [(0.0, steps[0][1]), *steps, (100.0, steps[-1][1])] if steps else []
    upper = [f"{x:.2f},{middle - half:.2f}" for x, half in outline]
    lower = [f"{x:.2f},{middle + half:.2f}" for x, half in reversed(outline)]
    lines = "".join(f'<path class="line" d="M{x:.2f} 0V{HEIGHT}"/>' for x, _ in steps)
    return _svg(f'{lines}<polygon class="good" points="{" ".join([*upper, *lower])}"/>', HEIGHT, "funnel")


def days(counts: Sequence[int], top: int) -> Markup:
    """A bar a day, up to `top`."""
    room = 100 / max(len(counts), 1)
    bars = (
        f'<rect class="after" x="{place * room + room * 0.1:.2f}" width="{room * 0.8:.2f}" '
        f'y="{HEIGHT - HEIGHT * count / max(top, 1):.2f}" height="{HEIGHT * count / max(top, 1):.2f}"/>'
        for place, count in enumerate(counts)
    )
    return _svg(f'<rect class="track" y="{HEIGHT - 1}" width="100" height="1"/>{"".join(bars)}', HEIGHT, "days")


def _svg(shapes: str, height: int, kind: str) -> Markup:
    return Markup(  # noqa: S704 - numbers and the names of classes, nothing that anybody typed
        f'<svg class="{kind}" viewBox="0 0 100 {height}" preserveAspectRatio="none" aria-hidden="true">{shapes}</svg>'
    )
