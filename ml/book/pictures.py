"""Pictures of the model book as SVG: no script, no font and no file from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

OURS, RIVAL, SEEN, GOOD, BAD = "#14406b", "#9aa8b5", "#2f7d5b", "#2f7d5b", "#a12a24"
_INK, _FAINT = "#1b2733", "#dde4ea"
Point = tuple[float, float]
#: (Chinese, English, colour, values) of one line of points or one set of bars.
Series = tuple[str, str, str, Sequence[float]]


def _text(x: float, y: float, words: str, *, anchor: str = "middle", ink: str = _INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="8" fill="{ink}">'
        f"{escape(words)}</text>"
    )


def _line(start: Point, end: Point, ink: str = _FAINT, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
        f' stroke="{ink}" stroke-width=".8"{dashed}/>'
    )


def _svg(width: float, height: float, parts: Sequence[str], told: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(told)}">'
        f"{''.join(parts)}</svg>"
    )


def _legend(series: Sequence[tuple[str, str, str]], left: float, y: float) -> list[str]:
    parts: list[str] = []
    for zh, en, colour in series:
        words = f"{zh} {en}"
        parts.append(f'<rect x="{left:.1f}" y="{y - 6:.1f}" width="7" height="7" fill="{colour}"/>')
        parts.append(_text(left + 10, y, words, anchor="start"))
        left += 22 + 8 * len(zh) + 4.4 * len(en)
    return parts


def calibration(lines: Sequence[tuple[str, str, str, Sequence[Point]]]) -> str:
    """Seen rate over predicted rate per tenth of the customers; right is on the diagonal."""
    top = max((max(point) for *_, points in lines for point in points), default=0.0) * 1.08 or 1.0
    side, left, high = 190.0, 34.0, 22.0

    def place(point: Point) -> Point:
        return left + point[0] / top * side, high + side - point[1] / top * side

    parts = _legend([(zh, en, colour) for zh, en, colour, _ in lines], left, 10)
    for step in range(5):
        share = top * step / 4
        x, _ = place((share, 0))
        _, y = place((0, share))
        parts += [
            _line((left, y), (left + side, y)),
            _text(left - 3, y + 3, f"{share:.0%}", anchor="end"),
            _text(x, high + side + 10, f"{share:.0%}"),
        ]
    parts.append(_line(place((0, 0)), place((top, top)), RIVAL, "3 3"))
    for _, _, colour, points in lines:
        drawn = [place(point) for point in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{colour}"/>' for x, y in drawn]
    foot = high + side + 22
    parts.append(_text(left + side / 2, foot, "预测发生率 predicted rate → 实际 seen ↑"))
    return _svg(left + side + 12, foot + 6, parts, "calibration")


#: Which tenth is the first.
HIGHEST_FIRST = "客户十等分，评分高者在前 tenths by score"
SOONEST_FIRST = "客户十等分，预计先流失者在前 tenths, the first to leave first"


def tenths(
    series: Sequence[Series], form: str, *, is_rooted: bool = False, order: str = HIGHEST_FIRST
) -> str:
    """Bars by tenths of the customers, side by side; ``is_rooted`` draws square roots of heights.

    Args:
        series: One per set of bars, a value per tenth.
        form: How a value is written above its bar, such as ``{:.0%}``.
        is_rooted: For values of very different sizes.
        order: Which tenth is the first, for the foot.
    """

    def size(value: float) -> float:
        return (abs(value) ** 0.5 if is_rooted else abs(value)) * (1 if value >= 0 else -1)

    drawn = [size(value) for *_, values in series for value in values]
    top, low = max([*drawn, 0.0]), min([*drawn, 0.0])
    span, tall, slot, left, high = (top - low) or 1.0, 176.0, 27.0, 6.0, 30.0
    count = max((len(values) for *_, values in series), default=0)
    zero = high + top / span * tall
    parts = _legend([(zh, en, colour) for zh, en, colour, _ in series], left, 10)
    wide = slot * 0.8 / max(len(series), 1)
    for number, (_, _, colour, values) in enumerate(series):
        for tenth, value in enumerate(values):
            x = left + tenth * slot + slot * 0.1 + number * wide
            tip = zero - size(value) / span * tall
            parts.append(
                f'<rect x="{x:.1f}" y="{min(tip, zero):.1f}" width="{wide:.1f}"'
                f' height="{max(abs(zero - tip), 0.6):.1f}" fill="{colour}"/>'
            )
            if number == 0:
                parts.append(_text(x + wide / 2, min(tip, zero) - 3, form.format(value)))
    parts.append(_line((left, zero), (left + count * slot, zero), RIVAL))
    foot = high + tall + 10
    parts += [_text(left + (tenth + 0.5) * slot, foot, str(tenth + 1)) for tenth in range(count)]
    parts.append(_text(left + count * slot / 2, foot + 12, order))
    return _svg(left + count * slot + 6, foot + 18, parts, "tenths of the customers")


def bars(rows: Sequence[tuple[str, str, float, bool]], form: str) -> str:
    """Lying bars: (Chinese, English, size, whether it is marked) from the largest down."""
    top = max((size for *_, size, _ in rows), default=0.0) or 1.0
    left, wide, step = 172.0, 300.0, 14.0
    parts: list[str] = []
    for number, (zh, en, size, is_marked) in enumerate(rows):
        y = number * step
        length = max(size / top * wide, 0.6)
        colour = OURS if is_marked else RIVAL
        parts += [
            _text(left - 6, y + 9, f"{zh} {en}", anchor="end"),
            f'<rect x="{left:.1f}" y="{y + 2:.1f}" width="{length:.1f}" height="9"'
            f' fill="{colour}"/>',
            _text(left + length + 4, y + 9, form.format(size), anchor="start"),
        ]
    return _svg(left + wide + 44, len(rows) * step + 4, parts, "importance by theme")
