"""Great Expectations over the night's batches: one frame, one suite made from the feeds.

Cells were judged one by one by the reader; the gate looks at what it counted, batch by batch,
and would notice a reader that does not keep the contract. Its results are counts: the frame holds
no row of data, so nothing personal can end up in them.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ingestion.batch import BatchReport
from ingestion.lake import Lake
from ingestion.ledger import DeliveryRow, Ledger
from ingestion.quality.profile import WHOLE_BATCH, profile_frame
from ingestion.sentence import Sentence

if TYPE_CHECKING:
    from ingestion.contracts import Feed


@dataclass(frozen=True)
class Expectation:
    """One thing expected of every batch: a number is at least, or exactly, another.

    Attributes:
        name: Short name.
        column: What was counted.
        bound: What it is compared with.
        kind: most, least or equal: what `bound` is to `column`.
        zh: What it means where it fails.
        en: The same in English.
    """

    name: str
    column: str
    bound: str
    kind: str
    zh: str
    en: str


# Each compares two columns of the profile, over all batches at once: an expectation per column
# and condition costs the tool a minute for what this does in a fifth of a second.
EXPECTATIONS: Final = (
    Expectation("required", "nulls", "nulls_allowed", "most",
                "必填列存在空值", "a required column has empty values"),
    Expectation("minimum", "minimum", "least", "least",
                "存在小于下限的值", "a value is below its minimum"),
    Expectation("maximum", "maximum", "most", "most",
                "存在大于上限的值", "a value is above its maximum"),
    Expectation("listed", "distinct", "distinct_allowed", "most",
                "代码种类多于约定", "there are more codes than the feed lists"),
    Expectation("unique", "keys", "keys_expected", "equal",
                "主键不唯一", "the key is not unique"),
    Expectation("accounted", "rows_accounted", "rows_in", "equal",
                "读入行数与入库、隔离、非数据行数之和不符",
                "rows in are not rows loaded, refused and no data"),
    Expectation("counted", "rows_counted", "rows_in", "equal",
                "两次计数的行数不一致", "the second counter counted other rows"),
    Expectation("refused_share", "refused_share", "refused_share_allowed", "most",
                "拒收比例超过上限", "too large a share of its rows is refused"),
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One expectation of one batch."""

    name: str
    passed: bool
    message: Sentence


@dataclass(frozen=True)
class GateResult:
    """What the gate says of one batch.

    Attributes:
        feed: Name of the feed.
        batch_id: Name of the batch.
        passed: Whether it may be built on.
        checks: Each expectation.
    """

    feed: str
    batch_id: str
    passed: bool
    checks: list[Check] = field(default_factory=list)

    @property
    def problems(self) -> list[Sentence]:
        """What failed."""
        return [check.message for check in self.checks if not check.passed]


def check(reports: Sequence[BatchReport], feeds: Mapping[str, Feed]) -> list[GateResult]:
    """Put all loaded batches through the gate, at once.

    Args:
        reports: What reading came to.
        feeds: The contracts.
    """
    loaded = [report for report in reports if report.state == "loaded"]
    if not loaded:
        return []
    failed = _failures(profile_frame(loaded, feeds))
    return [_result(report, failed) for report in loaded]


def run_gate(
    ledger: Ledger, lake: Path, feeds: Mapping[str, Feed], run_id: int
) -> tuple[list[GateResult], list[DeliveryRow]]:
    """Gate every loaded delivery that has not been through, and act on it.

    A batch that fails is refused and leaves the lake. What it had taken the place of is received
    again and has to be extracted.

    Returns:
        The results, and the deliveries that came back.
    """
    rows = {row.batch_id: row for row in ledger.ungated() if row.report and row.feed in feeds}
    reports = [BatchReport.from_json(row.report or "") for row in rows.values()]
    for report in reports:
        report.state = "loaded"
    results = check(reports, feeds)
    revived: list[DeliveryRow] = []
    for result in results:
        row = rows[result.batch_id]
        if not result.passed:
            sentence = Sentence(
                "质量关卡未通过：" + "；".join(problem.zh for problem in result.problems),
                "The quality gate refused the file: "
                + "; ".join(problem.en for problem in result.problems),
            )
            revived += ledger.refuse(row, sentence, feeds[row.feed].kind, run_id)
            Lake(lake).remove(row.feed, row.business_date, row.batch_id)
    ledger.enter_gate((rows[result.batch_id].delivery_id, _as_json(result)) for result in results)
    return results, revived


def preload() -> None:
    """Import Great Expectations ahead of need, in the time files are being read."""
    with _quiet():
        import great_expectations  # noqa: F401


def _failures(frame: Any) -> dict[tuple[str, str], list[str]]:
    """(Batch, expectation) -> columns it fails in."""
    with _quiet():
        import great_expectations as gx

        context: Any = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        batch = (
            context.data_sources.add_pandas("batches")
            .add_dataframe_asset("profile")
            .add_batch_definition_whole_dataframe("night")
            .get_batch({"dataframe": frame})
        )
        suite = gx.ExpectationSuite(
            "gate", expectations=[_expectation(gx, e) for e in EXPECTATIONS]
        )
        found = batch.validate(
            suite,
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": ["batch_id", "column"],
            },
        )
    failed: dict[tuple[str, str], list[str]] = {}
    results: list[Any] = found.results
    for result in results:
        name = result.expectation_config.meta["name"]
        if result.exception_info and result.exception_info.get("raised_exception"):
            raise RuntimeError(f"the gate could not check {name}")
        for place in result.result.get("unexpected_index_list") or []:
            failed.setdefault((place["batch_id"], name), []).append(place["column"])
    return failed


def _expectation(gx: Any, expectation: Expectation) -> Any:
    meta = {"name": expectation.name}
    options = {"ignore_row_if": "either_value_is_missing", "meta": meta}
    if expectation.kind == "equal":
        return gx.expectations.ExpectColumnPairValuesToBeEqual(
            column_A=expectation.column, column_B=expectation.bound, **options
        )
    pair = (expectation.bound, expectation.column)
    high, low = pair if expectation.kind == "most" else pair[::-1]
    return gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=high, column_B=low, or_equal=True, **options
    )


def _result(report: BatchReport, failed: Mapping[tuple[str, str], list[str]]) -> GateResult:
    checks = []
    for expectation in EXPECTATIONS:
        columns = failed.get((report.batch_id, expectation.name), [])
        named = [column for column in columns if column != WHOLE_BATCH]
        where_zh = f"（{'、'.join(named)}）" if named else ""
        where = f" ({', '.join(named)})" if named else ""
        message = Sentence(
            f"{report.source_file}：{expectation.zh}{where_zh}。",
            f"{report.source_file}: {expectation.en}{where}.",
        )
        passed = Sentence("通过", "passed")
        checks.append(Check(expectation.name, not columns, message if columns else passed))
    return GateResult(report.feed, report.batch_id, all(c.passed for c in checks), checks)


def _as_json(result: GateResult) -> str:
    failed = [check.name for check in result.checks if not check.passed]
    return json.dumps({"passed": result.passed, "failed": failed})


@contextmanager
def _quiet() -> Iterator[None]:
    """No telemetry, and none of the tool's own deprecation warnings."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
