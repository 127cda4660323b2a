"""Data Docs: what the gate answered, night by night, as pages that open without a network.

The tool's own pages fetch style sheets and scripts from elsewhere and speak of column pairs; these
are one file per night, without a script, and say in both languages what each feed expects, in how
many rows it was not so, and whose it is. They hold counts and file names, no delivered value.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from ingestion.quality.gate import Answer, Validation
from ingestion.sentence import shown

NIGHTS_KEPT: Final = 30
INDEX: Final = "index.html"
_NIGHT: Final = re.compile(r"^(\d{4}-\d{2}-\d{2})-run(\d+)\.html$")
_FILES_SHOWN: Final = 20
_STYLE: Final = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:2rem auto;
max-width:72rem;padding:0 1rem;color:#1c2430;background:#fff}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:0;display:inline}
p{margin:.25rem 0}.en,.dim{color:#5a6675}.ok{color:#17703c}.bad{color:#b3261e}.warn{color:#8a5a00}
details{border:1px solid #d8dee6;border-radius:8px;margin:.6rem 0;padding:.6rem .9rem}
summary{cursor:pointer}table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e8ecf1;vertical-align:top}
th{font-weight:600;color:#5a6675}td.n,th.n{text-align:right;white-space:nowrap}
td{overflow-wrap:anywhere}a{color:#14508c}
"""
# The browser itself is told to fetch nothing.
_HEAD: Final = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
)


@dataclass(frozen=True)
class NightOfDocs:
    """What one page is about.

    Attributes:
        business_date: The night's date.
        run_id: The run.
        validations: What the gate answered, feed by feed.
        silent: Names and titles of delivered feeds that brought nothing to the gate.
    """

    business_date: dt.date
    run_id: int
    validations: Sequence[Validation]
    silent: Sequence[str] = ()

    @property
    def file_name(self) -> str:
        """Name of its page."""
        return f"{self.business_date.isoformat()}-run{self.run_id}.html"


def write(night: NightOfDocs, folder: Path, keep: int = NIGHTS_KEPT) -> Path:
    """Write the page of one night and the list of nights, each whole or not at all.

    Args:
        night: The night.
        folder: Where the pages lie.
        keep: Nights that are kept.

    Returns:
        The night's page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / night.file_name
    _replace(page, render(night))
    pages = sorted(
        (path for path in folder.iterdir() if _NIGHT.match(path.name)), key=_order, reverse=True
    )
    for old in pages[keep:]:
        old.unlink()
    _replace(folder / INDEX, _index([path.name for path in pages[:keep]]))
    return page


def render(night: NightOfDocs) -> str:
    """The page of one night."""
    failing = [v for v in night.validations if _state(v) == "bad"]
    told = [v for v in night.validations if _state(v) == "warn"]
    sound = [v for v in night.validations if _state(v) == "ok"]
    expected = sum(len(v.answers) for v in night.validations)
    batches = sum(len(v.reports) for v in night.validations)
    parts = [
        f"{_HEAD}<title>质量关卡 {night.business_date}</title><style>{_STYLE}</style></head><body>",
        f"<h1>质量关卡 Quality gate · {night.business_date}</h1>",
        f"<p>第 {night.run_id} 次运行：{len(night.validations)} 个接口的 {batches} 个文件，"
        f"{expected} 项期望；{len(failing)} 个接口未通过，{len(told)} 个接口有隔离行。</p>",
        f'<p class="en">Run {night.run_id}: {batches} files of {len(night.validations)} feeds,'
        f" {expected} expectations; {len(failing)} feeds failed, {len(told)} had rows refused."
        f' <a href="{INDEX}">其他日期 Other nights</a></p>',
        *(_feed(each) for each in [*failing, *told, *sound]),
    ]
    if night.silent:
        named = escape("、".join(night.silent))
        parts.append(f'<p class="dim">本次没有新文件 Nothing new tonight: {named}</p>')
    return "".join([*parts, "</body></html>\n"])


def _feed(validation: Validation) -> str:
    state = _state(validation)
    mark, zh, en = {
        "ok": ("✓", "全部符合", "all as expected"),
        "warn": ("!", "有行被隔离", "rows were refused"),
        "bad": ("✗", "未通过，文件被拒收", "failed: files were refused"),
    }[state]
    feed, reports = validation.feed, validation.reports
    loaded = sum(r.rows_loaded or 0 for r in reports)
    refused = sum(r.rows_quarantined or 0 for r in reports)
    is_open = "" if state == "ok" else " open"
    rows = "".join(_lines(validation))
    return (
        f'<details{is_open} id="{escape(feed.feed)}"><summary><h2><span class="{state}">{mark}'
        f"</span> {escape(feed.title.zh)} {escape(feed.title.en)}</h2>"
        f' <span class="dim">{escape(feed.feed)} · 负责 Owner: {escape(feed.owner)} ·'
        f" {len(reports)} 个文件 files · 入库 loaded {loaded:,} · 隔离 refused {refused:,}</span>"
        f' <span class="{state}">{zh} {en}</span></summary>'
        '<table><thead><tr><th></th><th>期望 Expectation</th><th class="n">文件 Files</th>'
        '<th class="n">不符行数 Rows</th><th>未通过的文件 Files it fails in</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def _lines(validation: Validation) -> Iterator[str]:
    files = {report.batch_id: report.source_file for report in validation.reports}
    # What failed comes first, what stops a file before what is only told.
    for answer in sorted(validation.answers, key=_rank):
        what = answer.expectation.what
        zh, en = escape(what.zh), escape(what.en)
        if answer.failing:
            fault = answer.expectation.fault
            zh, en = f"{zh}：{escape(fault.zh)}", f"{en}: {escape(fault.en)}"
        rows = f"{answer.rows:,}" if answer.failing and answer.rows is not None else ""
        state = _state_of(answer)
        mark = {"ok": "✓", "warn": "!", "bad": "✗"}[state]
        named = [escape(shown(files[each], 120)) for each in answer.failing[:_FILES_SHOWN]]
        if len(answer.failing) > _FILES_SHOWN:
            named.append(f"… +{len(answer.failing) - _FILES_SHOWN}")
        yield (
            f'<tr><td class="{state}">{mark}</td><td>{zh}<br><span class="en">{en}</span></td>'
            f'<td class="n">{answer.batches}</td><td class="n">{rows}</td>'
            f"<td>{'<br>'.join(named)}</td></tr>"
        )


def _rank(answer: Answer) -> int:
    return {"bad": 0, "warn": 1, "ok": 2}[_state_of(answer)]


def _state_of(answer: Answer) -> str:
    if not answer.failing:
        return "ok"
    return "bad" if answer.expectation.is_blocking else "warn"


def _state(validation: Validation) -> str:
    states = {_state_of(answer) for answer in validation.answers}
    return next(state for state in ("bad", "warn", "ok") if state in states)


def _index(names: Sequence[str]) -> str:
    rows = "".join(
        f'<tr><td><a href="{name}">{found[1]}</a></td><td>第 {found[2]} 次运行 run {found[2]}</td>'
        "</tr>"
        for name in names
        if (found := _NIGHT.match(name))
    )
    return (
        f"{_HEAD}<title>质量关卡 Quality gate</title><style>{_STYLE}</style></head><body>"
        "<h1>质量关卡 Quality gate</h1>"
        f'<p>最近 {len(names)} 次。<span class="en"> The last {len(names)} nights.</span></p>'
        f"<table><thead><tr><th>业务日期 Business date</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></body></html>\n"
    )


def _order(path: Path) -> tuple[str, int]:
    found = _NIGHT.match(path.name)
    return (found[1], int(found[2])) if found else ("", 0)


def _replace(path: Path, text: str) -> None:
    """Write beside and rename: who has the page open, or a crash, finds the old or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
