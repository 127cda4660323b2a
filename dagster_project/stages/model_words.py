"""What a reader is told of a model: how it was judged, what was off, who scores and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.sentence import Sentence
from ml.errors import Pair, without_stop
from ml.system_errors import why_zh

if TYPE_CHECKING:
    from ml.registry.store import Found
    from ml.train import TrainedModel

# What a reader is told of a model, beside the same of the plain baseline.
MEASURES = {
    "auc": ("AUC {:.3f}，简单基线 {:.3f}", "AUC {:.3f}, plain baseline {:.3f}"),
    "concordance": (
        "一致性 {:.3f}，简单基线 {:.3f}",
        "concordance {:.3f}, plain baseline {:.3f}",
    ),
    "mae": (
        "平均误差 {:,.0f} 元，简单基线 {:,.0f} 元",
        "mean error {:,.0f} yuan, plain baseline {:,.0f}",
    ),
}


def aside(why: Pair) -> Sentence:
    """Why none was there before, to follow what became of the training."""
    zh, en = without_stop(why)
    return Sentence(f"（{zh}）。", f" ({en}).")


def of_kept(found: Found) -> Sentence:
    """Which stored version is used, and why those that should have come before it are not."""
    version = found.model.version
    told = Sentence(f"使用模型版本 {version}", f"model {version} is used")
    for zh, en in found.refusals:
        told = told.then(f"；{zh}", f"; {en}")
    return told


def of_training(trained: TrainedModel) -> Sentence:
    """A new version, how it was judged, and what was off."""
    version = trained.version
    told = Sentence(f"模型版本 {version} 已训练", f"model {version} was trained")
    told = told.then(*compared(trained.report))
    if trained.is_baseline_shipped:
        told = told.then("；由基线评分", "; its baseline scores")
    return told.then(*off(trained.report))


def of_scored(found: Found, count: int) -> Sentence:
    """Which version scored, and why those that should have come before it did not."""
    version = found.model.version
    told = Sentence(
        f"{count:,} 位客户由 {version} 评分", f"{count:,} customers scored by {version}"
    )
    if not found.refusals:
        return told
    chinese, english = zip(*found.refusals, strict=True)
    return told.then(f"，因为{''.join(chinese)}", f", as {' '.join(english)}")


def not_stored(name: str, error: OSError, models: Path) -> Sentence:
    """Why a version could not be written, and that whoever scored goes on."""
    where = Path(error.filename).name if error.filename else models.name
    why = error.strerror or error
    return Sentence(
        f"模型 {name} 未能保存，评分的版本不变：{why_zh(error)}（{where}）；请腾出磁盘空间，"
        f"或将 {models} 的权限交给运行 crm 的用户，再运行：crm ml train",
        f"model {name} was not stored, and who scores has not changed: {why} ({where}); free space"
        f" or give {models} to whoever runs crm, then: crm ml train",
    )


def compared(report: dict[str, Any]) -> Sentence:
    """The model beside its plain baseline, both judged on customers of a later date."""
    model, baseline = (report["metrics"][which] for which in ("model", "baseline"))
    metric = next(each for each in MEASURES if each in model)
    zh, en = (each.format(model[metric], baseline[metric]) for each in MEASURES[metric])
    return Sentence(f"：{zh}", f": {en}")


def off(report: dict[str, Any]) -> Sentence:
    """How far the level of probabilities was off, and bands that hold too little; else nothing."""
    from ml.models.bands import is_poor

    level, band = report["level"], report["band"]
    told = Sentence("", "")
    if level and level["shift"]:
        told = told.then(
            f"；预测 {level['foretold_rate']:.2%}，实际 {level['seen_rate']:.2%}，评分已按对数几率"
            f"平移 {level['shift']:+.2f}",
            f"; it foretold {level['foretold_rate']:.2%} where {level['seen_rate']:.2%} came, so"
            f" its scores are moved by {level['shift']:+.2f} log-odds",
        )
    if is_poor(band):
        told = told.then(
            f"；评分区间只覆盖 {band['covered_share']:.0%}，应为 {band['level']:.0%}，"
            "请勿依赖该区间",
            f"; its bands hold {band['covered_share']:.0%} in the place of"
            f" {band['level']:.0%}, so do not rely on them",
        )
    return told


def contradicted(report: dict[str, Any]) -> str:
    """What a model says against what people expected of it, as a table of Markdown."""
    from ml.book.page import contradictions

    found = contradictions(report["book"])
    if not found:
        return "无一条与假设相反 no expectation is contradicted"
    lines = [
        "| 特征 feature | 预期 expected | 秩相关 rank | 影响 weight |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {each['feature']} | {'↑' if each['expected'] > 0 else '↓'} {each['because_zh']}"
        f" {each['because_en']} | {each['rank']:+.2f} | {each['weight_share']:.1%} |"
        for each in found
    ]
    return "\n".join(lines)
