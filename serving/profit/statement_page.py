"""The statement as one printed page: HTML without scripts, pictures or fonts from elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from serving.export import unwritable
from serving.files import write_whole
from serving.profit.evidence import money
from serving.profit.statement import NOTES, Column, Line, Statement

# More accounts than these do not fit beside each other; the rest are one column.
MOST_COLUMNS: Final = 5
_STYLE: Final = """
@page { size: A4; margin: 9mm 13mm }
* { box-sizing: border-box }
body { font: 8.6pt/1.3 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
  "Helvetica Neue", Arial, sans-serif; color: #1b2733; margin: 0 auto; max-width: 184mm }
header { display: flex; justify-content: space-between; align-items: flex-end;
  border-bottom: 2pt solid #14406b; padding: 1mm 0 1.6mm }
h1 { font-size: 16pt; margin: 0; color: #14406b; letter-spacing: .5pt }
h1 small, h2 small { font-weight: normal; font-size: .66em; color: #5c6b7a; margin-left: .5em }
h2 { font-size: 10.5pt; margin: 3mm 0 1mm; color: #14406b }
header p { margin: 0; text-align: right; color: #5c6b7a }
header b { color: #1b2733 }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: 2.5mm; margin-top: 3mm }
.tiles div { border: .6pt solid #c9d3dd; border-radius: 1.5mm; padding: 1.8mm 2.4mm }
.tiles span { display: block; color: #5c6b7a; font-size: 7.6pt }
.tiles b { font-size: 11.5pt; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .65mm 1.4mm; text-align: right; border-bottom: .4pt solid #dde4ea }
th:first-child, td:first-child { text-align: left; white-space: nowrap }
thead th { font-weight: 600; color: #14406b; border-bottom: 1pt solid #14406b;
  vertical-align: bottom; font-size: 8pt }
thead th small { display: block; font-weight: normal; color: #5c6b7a; font-size: 6.6pt }
td small { color: #5c6b7a; margin-left: .5em; font-size: 7.4pt }
tr.sum td { font-weight: 600; background: #eef3f8; border-bottom-color: #b9c7d5 }
tr.balance td { color: #5c6b7a; border-top: 1pt solid #14406b }
td.minus { color: #a12a24 }
svg { width: 100%; height: auto; display: block }
dl { columns: 2; column-gap: 6mm; margin: 0; font-size: 6.8pt; line-height: 1.28; color: #3c4a58 }
dt { font-weight: 600; color: #1b2733 }
dd { margin: 0 0 .7mm; break-inside: avoid-column }
dt { break-after: avoid-column }
footer { margin-top: 2mm; padding-top: 1mm; border-top: .6pt solid #c9d3dd; font-size: 7pt;
  color: #5c6b7a }
"""


def write(
    told: Statement, path: Path, *, generation: int, until: dt.date, name: str | None
) -> None:
    """Write the page, all of it or nothing.

    Args:
        told: The statement.
        path: Where to.
        generation: Number of the published generation.
        until: Its business date.
        name: Name of the customer, for those who may know it.

    Raises:
        QueryError: The file cannot be written.
    """
    text = page(told, generation=generation, until=until, name=name)
    try:
        write_whole(path, text)
    except OSError as error:
        raise unwritable(path, error) from error


def page(told: Statement, *, generation: int, until: dt.date, name: str | None = None) -> str:
    """The whole page as HTML."""
    rules = told.rule_set
    who = escape(name) if name else f"客户 Customer {told.customer_key}"
    parts = [
        f'<!doctype html>\n<html lang="zh"><head><meta charset="utf-8"><title>{who} {told.period}'
        f"</title><style>{_STYLE}</style></head><body>",
        "<header><h1>客户利润表<small>Profit statement of a customer</small></h1>"
        f"<p><b>{who}</b><br>{told.period} · 元 yuan · {escape(str(rules['rule_set_name_zh']))}"
        f" {escape(str(rules['rule_set_name_en']))}</p></header>",
        _tiles(told),
        "<h2>利润瀑布<small>How the profit comes about</small></h2>",
        _waterfall(told.lines),
        "<h2>按账户<small>By account</small></h2>",
        _table(told),
        "<h2>计算说明<small>How each line was reckoned</small></h2>",
        _notes(told.lines),
        f"<footer>第 {generation} 代数据，业务日期 {until}。"
        f" Generation {generation}, business date {until}."
        " 每个数字均可用 crm trace 追溯至报送文件的行。"
        " Every figure opens to the rows that were delivered: crm trace.</footer></body></html>\n",
    ]
    return "\n".join(parts)


def _tiles(told: Statement) -> str:
    raroc = "—" if told.raroc is None else f"{told.raroc / 10**6:,.2f}%"
    tiles = (
        ("日均存款", "Average deposits", money(told.deposits)),
        ("日均贷款", "Average loans", money(told.loans)),
        ("净利润", "Net profit", money(told.line("net_profit").total)),
        ("经济资本", "Economic capital", money(told.capital)),
        ("风险调整资本回报率", "RAROC", raroc),
    )
    cells = (f"<div><span>{zh} {en}</span><b>{value}</b></div>" for zh, en, value in tiles)
    return f'<section class="tiles">{"".join(cells)}</section>'


def _table(told: Statement) -> str:
    shown, rest = list(told.columns[:MOST_COLUMNS]), list(told.columns[MOST_COLUMNS:])
    if len(rest) == 1:
        shown, rest = [*shown, *rest], []
    head = "".join(
        f"<th>{escape(column.product)}<small>{_shortened(column.key)}</small></th>"
        for column in shown
    )
    if rest:
        head += f"<th>其他 {len(rest)} 户<small>{len(rest)} other accounts</small></th>"
    rows = [_row(line, shown, rest) for line in told.lines]
    balances = "".join(f"<td>{money(column.balance)}</td>" for column in shown)
    if rest:
        balances += f"<td>{money(sum(column.balance for column in rest))}</td>"
    rows.append(
        '<tr class="balance"><td>账户日均余额<small>Average balance</small></td>'
        f"{balances}<td></td></tr>"
    )
    return (
        f"<table><thead><tr><th>项目<small>Line</small></th>{head}<th>合计<small>Total</small></th>"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _shortened(key: int) -> str:
    """The end of an account's key; nothing of what is no account."""
    return f"…{key % 10**6:06d}" if key > 0 else ""


def _row(line: Line, shown: Sequence[Column], rest: Sequence[Column]) -> str:
    amounts = [line.by_account.get(column.key, 0) for column in shown]
    if rest:
        amounts.append(sum(line.by_account.get(column.key, 0) for column in rest))
    cells = "".join(_cell(amount) for amount in (*amounts, line.total))
    kind = ' class="sum"' if line.is_subtotal else ""
    return f"<tr{kind}><td>{escape(line.zh)}<small>{escape(line.en)}</small></td>{cells}</tr>"


def _cell(amount: int) -> str:
    return f"<td{' class=minus' if amount < 0 else ''}>{money(amount)}</td>"


def _waterfall(lines: Sequence[Line]) -> str:
    """Bars from line to line, each beginning where the one before it ended."""
    steps = [line for line in lines if not line.is_subtotal and line.total]
    steps = [line for line in steps if line.code != "capital_charge"]
    totals = {line.code: line.total for line in lines}
    ends = [0]
    for line in steps:
        ends.append(ends[-1] + line.total)
    top, bottom = max(ends), min(ends)
    height, width, span = 78.0, 700.0, (top - bottom) or 1
    slot = width / (len(steps) + 1)

    def down(amount: int) -> float:
        return 12 + (top - amount) / span * height

    bars = []
    for place, line in enumerate(steps):
        colour = "#2f7d5b" if line.total > 0 else "#a12a24"
        bars.append(
            _bar(place * slot, slot, down(ends[place]), down(ends[place + 1]), colour, line)
        )
    net = totals["net_profit"]
    end = Line("net_profit", "净利润", "Net profit", True, {0: net})
    bars.append(_bar(len(steps) * slot, slot, down(0), down(net), "#14406b", end))
    line_at = f'y1="{down(0):.1f}" y2="{down(0):.1f}"'
    zero = f'<line x1="0" x2="{width}" {line_at} stroke="#9aa8b5" stroke-width=".5"/>'
    return f'<svg viewBox="0 0 {width} {height + 40}" role="img">{zero}{"".join(bars)}</svg>'


def _bar(left: float, slot: float, start: float, end: float, colour: str, line: Line) -> str:
    high, low, middle = min(start, end), max(start, end), left + slot / 2
    text = f'text-anchor="middle" x="{middle:.1f}" font-size="6.6"'
    return (
        f'<rect x="{left + slot * 0.14:.1f}" y="{high:.1f}" width="{slot * 0.72:.1f}"'
        f' height="{max(low - high, 0.6):.1f}" fill="{colour}"/>'
        f'<text {text} y="{high - 2.5:.1f}" fill="#1b2733">{money(line.total)}</text>'
        f'<text {text} y="106" fill="#1b2733">{escape(line.zh)}</text>'
        f'<text {text} y="114" fill="#5c6b7a">{escape(line.en)}</text>'
    )


def _notes(lines: Iterable[Line]) -> str:
    told = "".join(
        f"<dt>{escape(line.zh)} {escape(line.en)}</dt><dd>{zh} {en}</dd>"
        for line in lines
        if line.code in NOTES
        for zh, en in [NOTES[line.code]]
    )
    return f"<dl>{told}</dl>"
