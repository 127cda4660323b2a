"""The model book as one printed page: HTML without scripts, pictures or fonts from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from ml.book import results, steps
from ml.book.words import VERDICTS, About, Said, about_of
from ml.frames.catalogue import FEATURES

_STYLE: Final = """
@page { size: A4; margin: 11mm 13mm }
* { box-sizing: border-box }
body { font: 8.6pt/1.36 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
  "Helvetica Neue", Arial, sans-serif; color: #1b2733; margin: 0 auto; max-width: 184mm }
header { display: flex; justify-content: space-between; align-items: flex-end;
  border-bottom: 2pt solid #14406b; padding: 1mm 0 1.6mm }
h1 { font-size: 16pt; margin: 0; color: #14406b }
small, .en { font-weight: normal; color: #5c6b7a }
h1 small, h2 small { font-size: .66em; margin-left: .5em }
h2 { font-size: 10.5pt; margin: 4mm 0 1.2mm; color: #14406b; break-after: avoid }
h3 { font-size: 9pt; margin: 2mm 0 .6mm; color: #14406b; break-after: avoid }
header p { margin: 0; text-align: right; color: #5c6b7a }
header b { color: #1b2733 }
p { margin: .8mm 0 }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 2.5mm; margin-top: 3mm }
.tiles div { border: .6pt solid #c9d3dd; border-radius: 1.5mm; padding: 1.6mm 2.4mm }
.tiles span, .tiles small { display: block; font-size: 7.4pt; color: #5c6b7a }
.tiles b { font-size: 12pt; font-variant-numeric: tabular-nums }
.first { border: 1pt solid #a12a24; border-radius: 1.5mm; padding: 1mm 3mm 2mm; margin-top: 3mm }
.first.none { border-color: #2f7d5b }
.first h2 { margin-top: 1mm; color: #a12a24 }
.first.none h2 { color: #2f7d5b }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .6mm 1.3mm; text-align: right; border-bottom: .4pt solid #dde4ea;
  vertical-align: top }
th:first-child, td:first-child, .left { text-align: left }
thead th { font-weight: 600; color: #14406b; border-bottom: 1pt solid #14406b; font-size: 8pt }
thead th small { display: block; font-size: 6.8pt }
td small { display: block; font-size: 6.8pt; line-height: 1.2; overflow-wrap: anywhere }
tr { break-inside: avoid }
.minus { color: #a12a24 }
.wide { table-layout: fixed }
.wide th:first-child { width: 23% }
.wide th:nth-child(2) { width: 33% }
.wide th:last-child { width: 17% }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm; align-items: start }
.steps { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm }
.steps section { break-inside: avoid }
dl { display: grid; grid-template-columns: 25mm 1fr; margin: 0; font-size: 7.8pt; gap: 0 2mm }
dt { color: #5c6b7a }
dd { margin: 0; overflow-wrap: anywhere }
ul { margin: 0; padding-left: 4mm }
svg { width: 100%; height: auto; display: block; break-inside: avoid }
.appendix td, .appendix th { font-size: 7pt; padding: .35mm 1.2mm }
.appendix td:nth-child(2) { white-space: nowrap }
.appendix td small { display: inline; margin-left: .4em; font-size: 6.4pt }
footer { margin-top: 3mm; padding-top: 1mm; border-top: .6pt solid #c9d3dd; font-size: 7pt;
  color: #5c6b7a }
"""
_FEATURES: Final = {feature.name: feature for feature in FEATURES}


def page(manifest: Mapping[str, Any], report: Mapping[str, Any], *, role: str | None = None) -> str:
    """The whole page as HTML.

    Args:
        manifest: The signed manifest of a version.
        report: Its report.
        role: What the version is today; a training does not know it yet.
    """
    name = str(manifest["name"])
    about = about_of(name)
    version = escape(str(manifest["version"]))
    facts = report["book"]
    parts = [
        f'<!doctype html>\n<html lang="zh"><head><meta charset="utf-8"><title>{name} {version}'
        f"</title><style>{_STYLE}</style></head><body>",
        f"<header><h1>{both(about.name)}<small>模型手册 Model book</small></h1>"
        f"<p><b>{name} {version}</b>{_role(role)}<br>数据截至 knows up to"
        f" {escape(str(manifest['as_of']))}</p></header>",
        _contradictions(facts, about, report["ships"]),
        results.tiles(report),
        f"<h2>用途<small>What it is for</small></h2>{_purpose(about)}",
        f"<h2>结果<small>Results</small></h2>{results.tables_and_pictures(report, about)}",
        f"<h2>六步<small>The six steps</small></h2>{steps.six(manifest, report, about)}",
        "<h2>全部特征<small>Every feature</small></h2>",
        _appendix(report),
        "<footer>本页由签名报告生成，评分不读取本页；重新生成：crm ml book。"
        " Drawn from the signed report, and read by no score; drawn anew by: crm ml book."
        f" 训练数据校验和 checksum of the rows: {escape(report['training']['checksum'][:16])}…"
        "</footer></body></html>\n",
    ]
    return "\n".join(parts)


def both(said: Said) -> str:
    """Chinese, and English beside it in grey."""
    return f'{escape(said.zh)} <span class="en">{escape(said.en)}</span>'


def _role(role: str | None) -> str:
    told = {
        "champion": " · 现役 champion",
        "challenger": " · 挑战 challenger",
        "withdrawn": " · 已撤回 withdrawn",
    }
    return told.get(role or "", "")


def contradictions(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Expectations that the model contradicts, those that weigh most first."""
    found = [each for each in facts["directions"] if each["verdict"] == "contradicts"]
    return sorted(found, key=lambda each: (-each["weight_share"], each["feature"]))


def _contradictions(facts: Mapping[str, Any], about: About, ships: str) -> str:
    """What people expected and the model does not say, at the top, with figures."""
    counts = {
        code: sum(each["verdict"] == code for each in facts["directions"]) for code in VERDICTS
    }
    told = "，".join(f"{VERDICTS[code].zh} {count}" for code, count in counts.items())
    told_en = ", ".join(f"{count} {VERDICTS[code].en}" for code, count in counts.items())
    what = "模型 model" if ships == "model" else "基线 baseline"
    summary = (
        f"<p>评分用{what}。假设 {len(facts['directions'])} 条：{told}。"
        f'<span class="en"> {len(facts["directions"])} expectations: {told_en}.</span></p>'
    )
    found = contradictions(facts)
    heading = "<h2>与假设相反<small>Contradictions to the hypothesis, first of all</small></h2>"
    if not found:
        none = '<p>无一条与假设相反。<span class="en"> None is contradicted.</span></p>'
        return f'<section class="first none">{heading}{none}{summary}</section>'
    head = (
        "<thead><tr><th>特征<small>feature</small></th>"
        '<th class="left">当初的想法<small>what was expected, and why</small></th>'
        "<th>影响占比<small>share of weight</small></th>"
        "<th>模型秩相关<small>rank, learnt</small></th>"
        f"<th>每标准差<small>{escape(about.unit.en)} per deviation</small>"
        "</th><th>数据秩相关<small>rank in the data alone</small></th>"
        '<th class="left">怎么看<small>how to read it</small></th></tr></thead>'
    )
    rows = "".join(_contradiction(each, facts["luck"]) for each in found)
    table = f'<table class="wide">{head}{rows}</table>'
    return f'<section class="first">{heading}{summary}{table}{_guide(facts["luck"])}</section>'


def _guide(luck: float) -> str:
    """How the rows above are to be read."""
    return (
        "<p><small>数据本身也相反：先查想法，再查数据。数据单看如所料：其他特征已解释了它。"
        f"偶然之内（秩相关不超过 {luck:.2f}）：客户太少，或无关。 So does the data alone: question"
        " the expectation, then the data. Alone as expected: other features explain it. Within luck"
        f" (rank correlation up to {luck:.2f}): too few customers, or no relation.</small></p>"
    )


def _contradiction(each: Mapping[str, Any], luck: float) -> str:
    expected = Said("越高分越高 ↑", "more raises the score")
    if each["expected"] < 0:
        expected = Said("越高分越低 ↓", "more lowers the score")
    return (
        f"<tr><td>{feature_name(each['feature'])}</td>"
        f'<td class="left">{escape(expected.zh)}：{escape(each["because_zh"])}'
        f"<small>{escape(expected.en)}: {escape(each['because_en'])}</small></td>"
        f"<td>{each['weight_share']:.1%}</td><td class=minus>{signed(each['rank'])}</td>"
        f"<td class=minus>{signed(each['per_deviation'])}</td><td>{signed(each['data_rank'])}</td>"
        f'<td class="left">{_reading(each, luck)}</td></tr>'
    )


def _reading(each: Mapping[str, Any], luck: float) -> str:
    """Whether the data alone contradicts too, or only the model, with other facts held."""
    alone = each["data_rank"]
    if alone is None or abs(alone) <= luck:
        said = Said("数据本身在偶然之内", "the data alone is within luck")
    elif alone * each["expected"] < 0:
        said = Said("数据本身也相反", "so does the data alone")
    else:
        said = Said("数据单看如所料", "alone as expected")
    return f"{escape(said.zh)}<small>{escape(said.en)}</small>"


def feature_name(name: str) -> str:
    """A feature in Chinese with its column beside."""
    feature = _FEATURES.get(name)
    zh = feature.name_zh if feature else name
    return f"{escape(zh)}<small>{escape(name)}</small>"


def signed(value: float | None) -> str:
    """A figure with its sign; a dash where there is none."""
    if value is None:
        return "—"
    return f"{value:+,.0f}" if abs(value) >= 100 else f"{value:+.3f}"


def _purpose(about: About) -> str:
    columns = (
        (Said("用于", "Use it to"), about.uses),
        (Said("不得用于", "Do not use it to"), about.not_for),
    )
    told = "".join(
        f"<section><h3>{both(heading)}</h3><ul>"
        f"{''.join(f'<li>{both(each)}</li>' for each in said)}</ul></section>"
        for heading, said in columns
    )
    return f"<p>{both(about.question)}。{both(about.label)}。</p><div class=two>{told}</div>"


def _appendix(report: Mapping[str, Any]) -> str:
    """Every feature of the contract: theme, missing share, weight, direction."""
    importance: Mapping[str, float] = report["importance"]
    total = sum(importance.values()) or 1.0
    judged = {each["feature"]: each for each in report["book"]["directions"]}
    columns: Sequence[Mapping[str, Any]] = sorted(
        report["book"]["columns"], key=lambda each: -importance.get(each["name"], 0.0)
    )
    rows = "".join(
        f"<tr><td>{feature_name(each['name'])}</td>"
        f'<td class="left">{escape(steps.theme_name(each["name"]).zh)}</td>'
        f"<td>{each['missing_share']:.1%}</td>"
        f"<td>{importance.get(each['name'], 0.0) / total:.1%}</td>"
        f"{_direction(judged.get(each['name']), each['state'])}</tr>"
        for each in columns
    )
    head = (
        "<thead><tr><th>特征 feature</th><th class=left>主题 theme</th><th>缺失 missing</th>"
        "<th>影响 weight</th><th>预期 expected</th><th>秩相关 rank</th>"
        "<th class=left>结论 verdict</th></tr></thead>"
    )
    return f'<table class="appendix">{head}{rows}</table>'


def _direction(judged: Mapping[str, Any] | None, state: str) -> str:
    if state != "read":
        return f'<td></td><td></td><td class="left">{both(steps.state_name(state))}</td>'
    if judged is None:
        return '<td></td><td></td><td class="left"></td>'
    arrow = "↑" if judged["expected"] > 0 else "↓"
    kind = " minus" if judged["verdict"] == "contradicts" else ""
    return (
        f"<td>{arrow}</td><td>{signed(judged['rank'])}</td>"
        f'<td class="left{kind}">{both(VERDICTS[judged["verdict"]])}</td>'
    )
