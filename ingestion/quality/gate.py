"""Great Expectations over the night's batches: every declaration of every feed, in one suite.

Cells were judged one by one by the reader; the gate looks at what it counted, batch by batch,
and would notice a reader that does not keep the contract. Its results are counts: the frame holds
no row of data, and of a bound that is broken the results name the batch, never the value.
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
from ingestion.quality.expectations import Expectation, expectations_of
from ingestion.quality.profile import INDEX, measures_of, profile_frame
from ingestion.sentence import Sentence, shown

if TYPE_CHECKING:
    import pandas as pd

    from ingestion.contracts import Feed

# Of a batch that fails its name is given, and no value: the greatest balance is somebody's.
RESULT_FORMAT: Final[dict[str, Any]] = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": list(INDEX),
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True)
class Check:
    """One blocking expectation of one batch."""

    name: str
    column: str
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


@dataclass(frozen=True)
class Answer:
    """One expectation of a feed, over all its batches of the night.

    Attributes:
        expectation: What was expected.
        batches: How many batches were asked.
        failing: Names of those that fail.
        rows: Rows that do not fit; None where the measure counts none.
    """

    expectation: Expectation
    batches: int
    failing: tuple[str, ...]
    rows: int | None


@dataclass(frozen=True)
class Validation:
    """The expectations of one feed, answered for its batches of the night."""

    feed: Feed
    reports: tuple[BatchReport, ...]
    answers: tuple[Answer, ...]


@dataclass
class Passage:
    """What went through the gate at once.

    Attributes:
        results: One per batch.
        validations: One per feed.
        revived: Deliveries that came back for one that was refused; they have to be extracted.
    """

    results: list[GateResult] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    revived: list[DeliveryRow] = field(default_factory=list)


def check(reports: Sequence[BatchReport], feeds: Mapping[str, Feed]) -> Passage:
    """Put all loaded batches through the gate, at once.

    Args:
        reports: What reading came to.
        feeds: The contracts.
    """
    by_feed: dict[str, list[BatchReport]] = {}
    for report in reports:
        if report.state == "loaded":
            by_feed.setdefault(report.feed, []).append(report)
    if not by_feed:
        return Passage()
    expected = {name: expectations_of(feeds[name]) for name in sorted(by_feed)}
    loaded = [report for name in expected for report in by_feed[name]]
    frame = profile_frame(loaded, expected)
    failed = _failures(validate(frame))
    measured = frame.groupby(["feed", "expectation"]).size().to_dict()
    passage = Passage([_result(each, expected[each.feed], failed) for each in loaded])
    for name, expectations in expected.items():
        answers = tuple(
            _answer(each, by_feed[name], failed, measured.get((name, each.id), 0))
            for each in expectations
        )
        passage.validations.append(Validation(feeds[name], tuple(by_feed[name]), answers))
    return passage


def run_gate(ledger: Ledger, lake: Path, feeds: Mapping[str, Feed], run_id: int) -> Passage:
    """Gate every loaded delivery that has not been through, and act on it.

    A batch that fails is refused and leaves the lake. What it had taken the place of is received
    again and has to be extracted.
    """
    rows = {row.batch_id: row for row in ledger.ungated() if row.report and row.feed in feeds}
    reports = [BatchReport.from_json(row.report or "") for row in rows.values()]
    for report in reports:
        report.state = "loaded"
    passage = check(reports, feeds)
    for result in passage.results:
        row = rows[result.batch_id]
        if not result.passed:
            sentence = Sentence(
                "质量关卡未通过：" + "；".join(problem.zh for problem in result.problems),
                "The quality gate refused the file: "
                + "; ".join(problem.en for problem in result.problems),
            )
            gone = [row, *ledger.corrections(row.batch_id)]
            passage.revived += ledger.refuse(row, sentence, feeds[row.feed].kind, run_id)
            Lake(lake).remove_all(gone)
    ledger.enter_gate((rows[each.batch_id].delivery_id, _as_json(each)) for each in passage.results)
    return passage


def preload() -> None:
    """Import Great Expectations ahead of need, in the time files are being read."""
    with _quiet():
        import great_expectations  # noqa: F401


def validate(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What Great Expectations answers: one result for upper bounds, one for lower ones.

    Two expectations over all lines, since one for each of the six hundred declarations costs the
    tool nine seconds for what this does in a fifth of one.
    """
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
        pairs = (("most", "measured"), ("measured", "least"))
        suite = gx.ExpectationSuite(
            "gate",
            expectations=[
                gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB(
                    column_A=high,
                    column_B=low,
                    or_equal=True,
                    ignore_row_if="either_value_is_missing",
                )
                for high, low in pairs
            ],
        )
        results = [
            each.to_json_dict()
            for each in batch.validate(suite, result_format=RESULT_FORMAT).results
        ]
    for each in results:
        if each["exception_info"].get("raised_exception"):
            raise RuntimeError("the gate could not compare what was counted with what may be")
    return results


def _failures(results: Sequence[Mapping[str, Any]]) -> set[tuple[str, str, str]]:
    """(Feed, batch, id of the expectation) of every line that is out of its bounds."""
    # Without the values, the tool gives one list of names per column of the index.
    return {
        line
        for each in results
        for place in each["result"].get("unexpected_index_list") or []
        for line in zip(*(place[name] for name in INDEX), strict=True)
    }


def _answer(
    expectation: Expectation,
    reports: Sequence[BatchReport],
    failed: set[tuple[str, str, str]],
    batches: int,
) -> Answer:
    failing = [r for r in reports if (r.feed, r.batch_id, expectation.id) in failed]
    rows = None
    if expectation.counts:
        counted = (measures_of(report)[expectation.measure] for report in failing)
        rows = int(sum(abs(each or 0) for each in counted))
    return Answer(expectation, batches, tuple(r.batch_id for r in failing), rows)


def _result(
    report: BatchReport, expected: Sequence[Expectation], failed: set[tuple[str, str, str]]
) -> GateResult:
    checks = []
    for each in expected:
        if each.is_blocking:
            passed = (report.feed, report.batch_id, each.id) not in failed
            message = Sentence("通过", "passed") if passed else _told(report, each)
            checks.append(Check(each.name, each.column, passed, message))
    return GateResult(report.feed, report.batch_id, all(c.passed for c in checks), checks)


def _told(report: BatchReport, expectation: Expectation) -> Sentence:
    """What is said of one batch that fails one expectation."""
    file, column = shown(report.source_file), expectation.column
    where_zh, where = (f"（{column}）", f" ({column})") if column else ("", "")
    return Sentence(
        f"{file}：{expectation.fault.zh}{where_zh}。", f"{file}: {expectation.fault.en}{where}."
    )


def _as_json(result: GateResult) -> str:
    failed = list(dict.fromkeys(check.name for check in result.checks if not check.passed))
    return json.dumps({"passed": result.passed, "failed": failed})


@contextmanager
def _quiet() -> Iterator[None]:
    """No telemetry, and none of the tool's own deprecation warnings."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
