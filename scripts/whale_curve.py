"""Draw the whale curve of a home's newest month: what the best customers together bring.

    python scripts/whale_curve.py --home data --output docs/images/whale-curve.svg

Customers stand in the order of their net profit, the best first; the curve says what part of the
profit of all customers the first of them bring together. Above 100% the rest loses what is
missing to it. A picture of plain SVG: no script, no font from elsewhere.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from serving.connection import connect_current  # noqa: E402  (the path must be known first)

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 52
INK, SOFT, LINE, MARK = "#1b2733", "#5c6b7a", "#14406b", "#9c2a1f"
FONT = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',Arial,sans-serif"


def read(home: Path) -> tuple[dt.date, list[tuple[int, float]]]:
    """The newest month, and (hundredth of customers, share of profit) from 0 on."""
    opened, _ = connect_current(home / "warehouse")
    with opened:
        rows = opened.execute(
            "select month_date, percent_number, cumulative_profit_share"
            " from mart.mart_profitability__whale_curve_month"
            " where month_date = (select max(month_date)"
            " from mart.mart_profitability__whale_curve_month)"
            " and cumulative_profit_share is not null order by percent_number"
        ).fetchall()
    if not rows:
        raise SystemExit("customers together bring nothing in the newest month: no curve to draw")
    return rows[0][0], [(0, 0.0), *((percent, float(share)) for _, percent, share in rows)]


def draw(month: dt.date, curve: list[tuple[int, float]]) -> str:
    """The picture, as SVG."""
    peak_at, peak = max(curve, key=lambda point: point[1])
    top = max(1.0, peak) * 1.12
    least = min(0.0, *(share for _, share in curve))

    def x(percent: float) -> float:
        return LEFT + percent / 100 * (WIDTH - LEFT - RIGHT)

    def y(share: float) -> float:
        return HEIGHT - BOTTOM - (share - least) / (top - least) * (HEIGHT - TOP - BOTTOM)

    def text(at: tuple[float, float], words: str, anchor: str = "start", ink: str = SOFT) -> str:
        return (
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" fill="{ink}">'
            f"{words}</text>"
        )

    def rule(share: float) -> str:
        return f'<path d="M{LEFT},{y(share):.1f}H{WIDTH - RIGHT}" stroke="#dde4ea"/>' + text(
            (LEFT - 8, y(share) + 4), f"{share:.0%}", "end"
        )

    fifth = next(share for percent, share in curve if percent >= 20)
    points = " ".join(f"{x(percent):.1f},{y(share):.1f}" for percent, share in curve)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' font-family="{FONT}" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="15" font-weight="600" fill="{LINE}">'
        f"客户利润鲸鱼曲线 Whale curve of customers, {month:%Y-%m}</text>",
        *(rule(step / 4) for step in range(int(top * 4) + 1)),
        f'<path d="M{LEFT},{y(1):.1f}H{WIDTH - RIGHT}" stroke="{SOFT}" stroke-dasharray="4 3"/>',
        f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="2.5"/>',
        f'<circle cx="{x(20):.1f}" cy="{y(fifth):.1f}" r="4" fill="{MARK}"/>',
        text((x(20) + 10, y(fifth) + 18), f"前 20% 客户 best fifth: {fifth:.0%}", ink=MARK),
        f'<circle cx="{x(peak_at):.1f}" cy="{y(peak):.1f}" r="4" fill="{MARK}"/>',
        text((x(peak_at), y(peak) - 10), f"峰值 peak: {peak:.0%}", "middle", MARK),
        *(
            text((x(step), HEIGHT - BOTTOM + 18), f"{step}%", "middle")
            for step in range(0, 101, 20)
        ),
        text(
            (WIDTH - RIGHT, HEIGHT - 12),
            "客户(按净利润从高到低) customers, the most profitable first",
            "end",
            INK,
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    month, curve = read(options.home)
    options.output.write_text(draw(month, curve), encoding="utf-8")
    sys.stdout.write(f"{options.output}: {month:%Y-%m}, peak {max(s for _, s in curve):.1%}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
