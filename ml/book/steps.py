"""The six steps of a book: understand, collect, prepare, integrate, model, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ml.book.words import MEMBERS, STATES, About, Said
from ml.frames.catalogue import FEATURES
from ml.frames.themes import THEMES, Theme, theme_of
from ml.models.bands import is_poor

_OTHER = Theme("other", "其他", "Other", ())
_NAMES = {feature.name: feature.name_zh for feature in FEATURES}
#: Columns with the most missing values that the third step names; the appendix has all.
_SHOWN = 5
Fact = tuple[str, str, str]


def theme_of_code(code: str) -> Theme:
    """A theme by its code."""
    return next((theme for theme in THEMES if theme.code == code), _OTHER)


def theme_name(feature: str) -> Said:
    """The theme of a feature in both languages."""
    try:
        theme = theme_of(feature)
    except KeyError:
        theme = _OTHER
    return Said(theme.name_zh, theme.name_en)


def state_name(state: str) -> Said:
    """Whether and why a column was not read."""
    return STATES[state]


def six(manifest: Mapping[str, Any], report: Mapping[str, Any], about: About) -> str:
    """All six steps with the facts of this run."""
    told = (
        ("理解", "Understand", _understand(report, about)),
        ("采集", "Collect", _collect(manifest, report, about)),
        ("准备", "Prepare", _prepare(report)),
        ("整合", "Integrate", _integrate(report)),
        ("建模", "Model", _model(manifest, report)),
        ("评判", "Judge", _judge(report, about)),
    )
    sections = "".join(
        f"<section><h3>{number} {zh} <span class=en>{en}</span></h3><dl>"
        + "".join(
            f"<dt>{escape(fact_zh)}<br><small>{escape(fact_en)}</small></dt><dd>{escape(value)}</dd>"
            for fact_zh, fact_en, value in facts
        )
        + "</dl></section>"
        for number, (zh, en, facts) in enumerate(told, start=1)
    )
    return f"<div class=steps>{sections}</div>"


def _understand(report: Mapping[str, Any], about: About) -> list[Fact]:
    label, training = report["book"]["label"], report["training"]
    months = label["reach_months"]
    reach = f"{label['code']}，{months} 个月后可知 known after {months} months"
    means = (training["label_mean_train"], training["label_mean_test"])
    share = "{:.2%} / {:.2%}" if max(means) <= 1 else "{:,.0f} / {:,.0f}"
    # Of a label that counts months the mean says nothing; the report has the share of those lost.
    is_time = "concordance" in report["metrics"]["model"]
    mean = ("期内流失占比", "lost within the horizon") if is_time else ("标签均值", "label mean")
    expected = len(report["book"]["directions"])
    return [
        ("问题", "question", about.question.zh),
        ("标签", "label", reach),
        (*mean, f"训练/评判 taught/judged {share.format(*means)}"),
        ("假设", "expectations", f"{expected} 条，写在训练之前 written before the training"),
    ]


def _collect(manifest: Mapping[str, Any], report: Mapping[str, Any], about: About) -> list[Fact]:
    training = report["training"]
    return [
        ("来源", "source", f"{about.tables}; {manifest['source']}"),
        ("截至", "knows up to", str(manifest["as_of"])),
        ("特征", "features", f"{len(report['book']['columns'])} 列 columns"),
        (
            "行数",
            "rows",
            f"训练 taught {training['train_rows_before_sampling']:,}，"
            f"评判 judged {training['test_rows']:,}",
        ),
    ]


def _prepare(report: Mapping[str, Any]) -> list[Fact]:
    columns: Sequence[Mapping[str, Any]] = report["book"]["columns"]
    gaps = sorted(
        (each for each in columns if each["missing_share"] > 0 and each["state"] == "read"),
        key=lambda each: (-each["missing_share"], each["name"]),
    )
    most = "；".join(f"{_zh(each['name'])} {each['missing_share']:.0%}" for each in gaps[:_SHOWN])
    out = [
        f"{_zh(each['name'])}（{STATES[each['state']].zh} {STATES[each['state']].en}）"
        for each in columns
        if each["state"] != "read"
    ]
    whole = sum(each["missing_share"] == 0 for each in columns)
    return [
        ("无缺失", "without gaps", f"{whole} 列 columns"),
        ("缺失最多", "most missing", most or "无 none"),
        ("缺失值", "missing values", "不填补，作为信息读取 not filled in; read as such"),
        ("未用", "left out", "、".join(out) or "无 none"),
        ("泄漏检查", "leak check", _leak(report["book"]["leak"])),
    ]


def _leak(strongest: Mapping[str, Any]) -> str:
    """Which column tells most of the label by itself, and from where on that is a leak."""
    figure, bound = (f"{strongest[each]:.3f}" for each in ("figure", "bound"))
    zh, en = {"auc": ("AUC", "AUC"), "rank": ("秩相关", "rank")}[strongest["measure"]]
    name = f"{_zh(strongest['feature'])} {strongest['feature']}"
    return f"单列最高 {zh} greatest {en} {figure}：{name}；界限 bound {bound}"


def _zh(name: str) -> str:
    return _NAMES.get(name, name)


def _integrate(report: Mapping[str, Any]) -> list[Fact]:
    training = report["training"]
    return [
        ("训练日", "dates that teach", _dates(training["train_dates"])),
        ("间隔日", "dates left out", _dates(training["gap_dates"])),
        ("评判日", "date that judges", training["test_date"]),
        (
            "训练样本",
            "rows that taught",
            f"{training['train_rows']:,}（客户 customers {training['train_customers']:,}）",
        ),
        ("校验和", "checksum", training["checksum"][:24] + "…"),
    ]


def _dates(days: Sequence[str]) -> str:
    """A few dates by name, many by their ends."""
    if len(days) <= 3:
        return "、".join(days) or "无 none"
    return f"{days[0]} – {days[-1]}，{len(days)} 个月末 month ends"


def _model(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> list[Fact]:
    recipes: Mapping[str, Mapping[str, Any]] = report["book"]["recipe"]
    facts: list[Fact] = []
    for role, zh in (("model", "模型"), ("baseline", "基线")):
        if role not in recipes:
            facts.append((zh, role, "上季度贡献乘以四 the last quarter four times over"))
            continue
        recipe = recipes[role]
        if "members" not in recipe:
            trees = f"，{recipe['rounds']} 棵树 trees" if recipe["rounds"] else ""
            facts.append((zh, role, f"{recipe['kind']}{trees}"))
            continue
        told = "；".join(_member(each) for each in recipe["members"])
        facts.append((zh, role, f"{told}；截距 intercept {recipe['intercept']:+.2f}"))
    software = "，".join(f"{name} {each}" for name, each in manifest["software"].items())
    facts.append(("软件", "software", f"{software}；bank-crm {manifest['code_version']}"))
    return facts


def _member(each: Mapping[str, Any]) -> str:
    said = MEMBERS.get(each["name"], Said(each["name"], each["name"]))
    trees = f"，{each['rounds']} 棵 trees" if each["rounds"] else ""
    folds = f"，{each['fitted']} 折 folds" if each["fitted"] > 1 else ""
    return f"{said.zh} {said.en} ×{each['weight']:.2f}{trees}{folds}"


def _level(report: Mapping[str, Any]) -> list[Fact]:
    """How far all probabilities were off, by what they were moved since, and what bands hold."""
    facts: list[Fact] = []
    if level := report["level"]:
        rates = f"预测 foretold {level['foretold_rate']:.2%}，实际 seen {level['seen_rate']:.2%}"
        moved = (
            f"评分已平移 scores moved since by {level['shift']:+.2f} log-odds；"
            "各项指标为平移之前 every measure is of before"
            if level["shift"]
            else "未平移 not moved"
        )
        facts.append(("水平", "level", f"{rates}；{moved}"))
    if report["band"]["row_count"]:
        band = report["band"]
        told = f"{band['covered_share']:.0%}（应为 meant {band['level']:.0%}）"
        warning = "区间与评分不符，慎用 do not rely on the bands；" if is_poor(band) else ""
        facts.append(("区间覆盖", "bands hold", warning + told))
    return facts


def _judge(report: Mapping[str, Any], about: About) -> list[Fact]:
    z = report["metrics"]["model"].get("loss_saved_z", 0.0)
    ships = "模型 model" if report["ships"] == "model" else "基线 baseline"
    return [
        ("做法", "how", "同一月末、同一批客户 one month end, the same customers"),
        ("胜过基线", "against baseline", f"{z:+.1f} 个标准误 standard errors of loss saved"),
        ("评分用", "what scores", ships),
        *_level(report),
        ("局限", "limits", "；".join(f"{each.zh} {each.en}" for each in about.limits)),
    ]
