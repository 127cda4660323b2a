"""The results of a book: measures of model and baseline, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ml.book import pictures, steps
from ml.book.words import MEASURES, About
from ml.names import POPULATIONS

_ROLES = ("model", "baseline")
_OF_EVENT = ("auc", "calibration_slope", "lift_at_10pct", "ece")
_OF_AMOUNT = ("mae", "spearman", "total_ratio", "mean_predicted")
_OF_TIME = ("concordance", "lost_rate", "mean_expected_months", "mean_seen_months")

#: Slices that value is judged by: populations, and whose account was emptied.
SLICES = {
    **POPULATIONS,
    "emptied": ("存款近空、无贷款", "emptied, no loan"),
    "not_emptied": ("其余", "all others"),
}


def tiles(report: Mapping[str, Any]) -> str:
    """The four figures that a reader asks for, the baseline's below."""
    told = report["metrics"]["model"]
    shown = next(each for each in (_OF_EVENT, _OF_AMOUNT, _OF_TIME) if each[0] in told)
    model, baseline = (report["metrics"][role] for role in _ROLES)
    cells = "".join(
        f"<div><span>{escape(MEASURES[key][0].zh)}</span><b>{MEASURES[key][1].format(model[key])}"
        f"</b><small>基线 baseline {MEASURES[key][1].format(baseline[key])}</small></div>"
        for key in shown
    )
    return f'<section class="tiles">{cells}</section>'


def _foretells_event(report: Mapping[str, Any]) -> bool:
    """Whether the scores are probabilities."""
    return _OF_EVENT[0] in report["metrics"]["model"]


def tables_and_pictures(report: Mapping[str, Any], about: About) -> str:
    """Model beside baseline on the same customers, then pictures."""
    ships = report["ships"]
    told = (
        "评分用模型 the model scores customers"
        if ships == "model"
        else "模型未胜过基线，评分用基线 the model did not beat its baseline, which scores"
    )
    rows = "".join(
        f"<tr><td>{escape(said.zh)} <span class=en>{escape(said.en)}</span></td>"
        + "".join(_cell(report["metrics"][role].get(key), form) for role in _ROLES)
        + "</tr>"
        for key, (said, form) in MEASURES.items()
        if key in report["metrics"]["model"]
    )
    head = (
        "<thead><tr><th>指标 measure</th><th>模型<small>model</small></th>"
        "<th>基线<small>baseline</small></th></tr></thead>"
    )
    test = report["training"]
    same = (
        f"<p>同一批 {test['test_rows']:,} 名客户，{escape(test['test_date'])}"
        f' <span class="en">the same customers for both</span> · {told}</p>'
    )
    picture = _event if _foretells_event(report) else _value if _is_amount(report) else _stay
    themes = _themes(report, about)
    return f"{same}<table>{head}{rows}</table>{_band(report)}{picture(report)}{themes}"


def _is_amount(report: Mapping[str, Any]) -> bool:
    """Whether the scores are yuan."""
    return _OF_AMOUNT[0] in report["metrics"]["model"]


def _band(report: Mapping[str, Any]) -> str:
    """How often what came lay in the band beside the score, with the interval of that share."""
    band: Mapping[str, float] = report["band"]
    if "covered_share" not in band:
        return ""
    return (
        f"<p>评分的 {band['level']:.0%} 区间：实际落入 {band['covered_share']:.1%}"
        f"（{band['low_share']:.1%} 至 {band['high_share']:.1%}）"
        f' <span class="en">of the {band["level"]:.0%} bands so many held what came, in brackets'
        " the 95% interval of that share</span></p>"
    )


def _cell(value: float | None, form: str) -> str:
    return f"<td>{'' if value is None else form.format(value)}</td>"


def _of_role(report: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """The tables of a role: those of the one that scores stand in the report itself."""
    tables: Mapping[str, Any] = (
        report["tables"] if role == report["ships"] else report["book"]["rival_tables"]
    )
    return tables


def _event(report: Mapping[str, Any]) -> str:
    """Calibration and lift, model and baseline in each."""
    model, baseline = (_of_role(report, role) for role in _ROLES)

    def points(rows: Sequence[Mapping[str, float]]) -> list[pictures.Point]:
        return [(row["predicted_rate"], row["seen_rate"]) for row in rows]

    calibration = pictures.calibration(
        [
            ("基线", "baseline", pictures.RIVAL, points(baseline["calibration"])),
            ("模型", "model", pictures.OURS, points(model["calibration"])),
        ]
    )
    caught = model["lift"][1]["caught_share"] if len(model["lift"]) > 1 else 0.0
    return (
        "<div class=two><section><h3>校准 <span class=en>Calibration: on the broken line is right"
        f"</span></h3>{calibration}</section><section><h3>提升 <span class=en>Lift: seen rate by"
        f" tenths</span></h3>{_lift(report)}<p>评分最高的两成客户覆盖全部发生者的 {caught:.0%}"
        f' <span class="en">of all events are in the two highest tenths</span></p></section></div>'
    )


def _lift(report: Mapping[str, Any], order: str = pictures.HIGHEST_FIRST) -> str:
    """Seen rate by tenths of the score, model and baseline side by side."""
    model, baseline = (_of_role(report, role)["lift"] for role in _ROLES)
    return pictures.tenths(
        [
            ("模型", "model", pictures.OURS, [row["seen_rate"] for row in model]),
            ("基线", "baseline", pictures.RIVAL, [row["seen_rate"] for row in baseline]),
        ],
        "{:.0%}",
        order=order,
    )


def _stay(report: Mapping[str, Any]) -> str:
    """Who was lost, by tenths: months hardly differ where nearly everybody stays."""
    return (
        "<div class=two><section><h3>十等分流失占比 <span class=en>Lost within the horizon, by"
        " tenths; those expected to leave first come first</span></h3>"
        f"{_lift(report, pictures.SOONEST_FIRST)}</section><section><h3>留存曲线 <span class=en>"
        "Curve: share there at the end of each month</span></h3><table><thead><tr>"
        "<th>月末<small>month</small></th><th>预计<small>foretold by the model</small></th>"
        f"<th>实际<small>seen</small></th></tr></thead>{_curve(report)}</table></section></div>"
    )


def _curve(report: Mapping[str, Any]) -> str:
    """One row per month of the horizon."""
    return "".join(
        f"<tr><td>{row['month_number']}</td><td>{row['foretold_share']:.2%}</td>"
        f"<td>{row['seen_share']:.2%}</td></tr>"
        for row in report["book"]["curve"]
    )


def _value(report: Mapping[str, Any]) -> str:
    """Predicted and seen value by tenths, and by slices."""
    rows = _of_role(report, report["ships"])["deciles"]
    drawn = pictures.tenths(
        [
            ("预测", "predicted", pictures.OURS, [row["predicted_mean"] for row in rows]),
            ("实际", "seen", pictures.SEEN, [row["seen_mean"] for row in rows]),
        ],
        "{:,.0f}",
        is_rooted=True,
    )
    slices = "".join(
        f"<tr><td>{escape(zh)} <span class=en>{escape(en)}</span></td>"
        + _cell(row["row_count"], "{:,}")
        + "".join(_cell(row[key], "{:,.0f}") for key in ("predicted_mean", "seen_mean", "mae"))
        + _cell(row["band"].get("covered_share"), "{:.0%}")
        + "</tr>"
        for row in _of_role(report, report["ships"])["slices"]
        for zh, en in [SLICES.get(row["slice"], (row["slice"], ""))]
    )
    return (
        "<div class=two><section><h3>十等分平均价值 <span class=en>Mean value by tenths, yuan;"
        f" heights are square roots</span></h3>{drawn}</section><section><h3>分群 <span class=en>"
        "By slices, yuan</span></h3><table><thead><tr><th>客群<small>slice</small></th>"
        "<th>客户<small>rows</small></th><th>预测<small>told</small></th><th>实际<small>seen</small>"
        "</th><th>平均误差<small>MAE</small></th><th>区间落入<small>in band</small></th></tr>"
        f"</thead>{slices}</table></section></div>"
    )


def _themes(report: Mapping[str, Any], about: About) -> str:
    """What moves the scores, by theme."""
    sizes: Mapping[str, float] = report["book"]["themes"]
    rows = []
    for code, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        theme = steps.theme_of_code(code)
        rows.append((theme.name_zh, theme.name_en, size, theme.is_cause))
    form = "{:.3f}" if max(sizes.values(), default=0.0) < 100 else "{:,.0f}"
    count = report["book"]["explained_rows"]
    return (
        "<h3>什么影响评分 <span class=en>What moves the scores, by theme: mean size of what its"
        f" facts add, {escape(about.unit.en)}, over {count:,} customers</span></h3>"
        f"{pictures.bars(rows, form)}<p>深色为客户遇到的事，浅色为征兆或客户自身情况"
        ' <span class="en">dark: something that happened to him; pale: a sign or a trait</span></p>'
    )
