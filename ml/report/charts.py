"""Small charts as inline SVG: no script, no font and no host needed. Colours come from the page's style sheet."""

import math
from collections.abc import Sequence
from html import escape

Point = tuple[float, float]

_WIDTH, _HEIGHT = 520, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 16, 14, 44
_BAR, _GAP = 20, 8


_STEPS = (1, 2, 2.5, 4, 5, 10)


def rounded_up(reach: float) -> float:
    """The end of an axis whose fifths are round numbers."""
    power = 10.0 ** math.floor(math.log10(max(reach, 1e-6) / 5))
    return 5 * power * next(step for step in _STEPS if 5 * power * step >= reach * (1 - 1e-9))


def lines(
    series: Sequence[tuple[str, Sequence[Point]]],
    *,
    x: str,
    y: str,
    limit: Point = (1.0, 1.0),
    diagonal: bool = False,
    dots: bool = False,
    percent: bool = False,
) -> str:
    """Lines over 0..limit in both directions; the n-th takes the style class `s<n>`."""
    drawn = [_axes(x, y, limit, percent=percent)]
    if diagonal:
        reach = min(limit)
        drawn.append(_path([_place((0, 0), limit), _place((reach, reach), limit)], "diagonal"))
    for number, (name, points) in enumerate(series):
        placed = [_place(point, limit) for point in points]
        drawn.append(_path(placed, f"line s{number}", name))
        if dots:
            drawn += [_dot(spot, point, number, percent) for spot, point in zip(placed, points, strict=True)]
    return _svg("".join(drawn), _WIDTH, _HEIGHT, f"{y} by {x}")


def histogram(edges: Sequence[float], shares: Sequence[tuple[str, Sequence[float]]], *, x: str, y: str) -> str:
    """Overlaid histograms of several classes over the same edges."""
    top = rounded_up(max((max(values) for _, values in shares), default=1) or 1)
    low, high = edges[0], edges[-1]
    drawn = [
        _axes(x, y, (1, top), ticks=[(i / 6, f"{low + (high - low) * i / 6:.0f}") for i in range(7)], percent=True)
    ]
    for number, (name, values) in enumerate(shares):
        for left, right, value in zip(edges, edges[1:], values, strict=False):
            start = _place(((left - low) / (high - low), value), (1, top))
            end = _place(((right - low) / (high - low), 0), (1, top))
            title = f"<title>{escape(name)}: {value:.1%} between {left:g} and {right:g}</title>"
            drawn.append(
                f'<rect class="bar s{number}" x="{start[0]:.1f}" y="{start[1]:.1f}" '
                f'width="{max(end[0] - start[0] - 1, 0.5):.1f}" height="{max(end[1] - start[1], 0):.1f}">{title}</rect>'
            )
    return _svg("".join(drawn), _WIDTH, _HEIGHT, f"{y} by {x}")


def bars(rows: Sequence[tuple[str, float, str]], *, marks: Sequence[tuple[float, str]] = (), label: str) -> str:
    """Horizontal bars: name, value, and the text at its end; `marks` are thin lines at values that matter."""
    names = 210
    height = len(rows) * (_BAR + _GAP) + _GAP + (18 if marks else 0)
    top = max([value for _, value, _ in rows] + [mark for mark, _ in marks] or [1.0]) or 1.0
    room = _WIDTH - names - 70
    drawn = []
    for i, (name, value, text) in enumerate(rows):
        y = _GAP + i * (_BAR + _GAP)
        drawn.append(
            f'<text class="name" x="{names - 8}" y="{y + 14}">{escape(_short(name))}<title>{escape(name)}</title></text>'
            f'<rect class="bar s0" x="{names}" y="{y}" width="{max(room * value / top, 1):.1f}" height="{_BAR}" rx="3"/>'
            f'<text class="value" x="{names + room * value / top + 6:.1f}" y="{y + 14}">{escape(text)}</text>'
        )
    for mark, text in marks:
        x = names + room * mark / top
        drawn.append(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 16}"/>'
            f'<text class="tick" x="{x:.1f}" y="{height - 3}">{escape(text)}</text>'
        )
    return _svg("".join(drawn), _WIDTH, height, label)


def _axes(x: str, y: str, limit: Point, *, ticks: list[tuple[float, str]] | None = None, percent: bool = False) -> str:
    drawn = []
    for share, text in ticks or [(i / 5, _tick(limit[0] * i / 5, percent)) for i in range(6)]:
        spot = _place((share * limit[0], 0), limit)
        drawn.append(f'<text class="tick" x="{spot[0]:.1f}" y="{spot[1] + 16:.1f}">{text}</text>')
    for i in range(6):
        left, right = _place((0, limit[1] * i / 5), limit), _place((limit[0], limit[1] * i / 5), limit)
        drawn.append(
            f'<line class="grid" x1="{left[0]:.1f}" x2="{right[0]:.1f}" y1="{left[1]:.1f}" y2="{left[1]:.1f}"/>'
            f'<text class="tick end" x="{left[0] - 8}" y="{left[1] + 4:.1f}">{_tick(limit[1] * i / 5, percent)}</text>'
        )
    middle = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
    drawn.append(f'<text class="axis" x="{(_WIDTH + _LEFT) / 2}" y="{_HEIGHT - 6}">{escape(x)}</text>')
    drawn.append(f'<text class="axis" transform="rotate(-90 12 {middle})" x="12" y="{middle}">{escape(y)}</text>')
    return "".join(drawn)


def _tick(value: float, percent: bool) -> str:
    return f"{value:.3g}" if not percent else f"{value * 100:.3g}%"


def _place(point: Point, limit: Point) -> Point:
    x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * point[0] / limit[0]
    y = _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * point[1] / limit[1]
    return x, y


def _path(spots: Sequence[Point], style: str, title: str = "") -> str:
    steps = " ".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(spots))
    return f'<path class="{style}" d="{steps}"><title>{escape(title)}</title></path>'


def _dot(spot: Point, point: Point, number: int, percent: bool) -> str:
    told = f"{_tick(point[0], percent)}, {_tick(point[1], percent)}"
    return f'<circle class="dot s{number}" cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="4"><title>{told}</title></circle>'


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"


def _svg(inside: str, width: int, height: int, label: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">{inside}</svg>'
