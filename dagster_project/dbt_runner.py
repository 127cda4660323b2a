"""dbt inside this process: parsed once, called at most twice a night, its files closed each time.

Importing this module imports dbt (seconds); only a night and `make manifest` do.
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.event_manager_client import cleanup_event_logger

from dagster_project import manifest as manifests
from dagster_project.errors import NightError
from dagster_project.home import DBT_PROJECT
from ingestion.sentence import Sentence

# Parsing knows no night. A fixed text keeps the profile's hash, hence partial parsing, stable.
NO_NIGHT = {"CRM_BUILD_DIR": "no-build", "CRM_LAKE_DIR": "no-lake"}
QUIET = ("--quiet", "--no-use-colors-file", "--log-level", "none", "--log-level-file", "info")
DBT_LOGGERS = ("file_log",)


class DbtError(NightError):
    """dbt could not run: the project does not parse, or the build files are not to be had."""


@dataclass(frozen=True)
class Progress:
    """One node of a running build begins or ends."""

    name: str
    kind: str
    status: str
    done: int
    total: int


@dataclass(frozen=True)
class NodeResult:
    """How one model, seed or test ended.

    Attributes:
        status: success, pass, warn, fail, error or skipped, as dbt says.
        failures: Failing rows of a test.
        message: What dbt said, first line.
        told: The sentence that the test's author wrote for a business reader, or "".
    """

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    failures: int | None = None
    message: str = ""
    told: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether this result blocks the night; a warning does not."""
        return self.status in {"error", "fail", "runtime error", "skipped"}


@dataclass(frozen=True)
class Outcome:
    """All results of one invocation."""

    nodes: list[NodeResult]
    seconds: float
    failures: list[NodeResult] = field(default_factory=list)

    def sentence(self) -> Sentence:
        """What went wrong, naming the first few; skipped nodes follow from what failed."""
        roots = [each for each in self.failures if each.status != "skipped"] or self.failures
        named = "; ".join(f"{each.name}: {each.told or each.message}" for each in roots[:3])
        more_zh, more = (
            (f"，另有 {len(roots) - 3} 项", f" and {len(roots) - 3} more")
            if len(roots) > 3
            else ("", "")
        )
        return Sentence(
            f"dbt 的 {len(roots)} 个模型或检验失败（{named}{more_zh}）",
            f"{len(roots)} of dbt's models and tests failed ({named}{more})",
        )


def parse(project: Path = DBT_PROJECT) -> Manifest:
    """Parse the project, partially where possible, and write manifest.json.

    Raises:
        DbtError: The project does not parse.
    """
    target = manifests.target_folder(project)
    with _environment(NO_NIGHT), manifests.parsing(project) as folder:
        known = target / PARTIAL_PARSE_FILE_NAME
        started = ["--partial-parse-file-path", str(known)] if known.is_file() else []
        result = _invoke(dbtRunner(), project, folder, target / "logs", ["parse", *started])
        if started and not isinstance(result.result, Manifest):
            # A new version that moved a test between files meets both in the old parse.
            anew = ["parse", "--no-partial-parse"]
            result = _invoke(dbtRunner(), project, folder, target / "logs", anew)
        if not isinstance(result.result, Manifest):
            why = _first_line(result.exception)
            raise DbtError(f"dbt 项目无法解析：{why}。", f"the dbt project does not parse: {why}")
    return result.result


class Dbt:
    """The warm runner of one night: one parsed project, one build folder."""

    def __init__(self, build: Path, lake: Path, logs: Path, project: Path = DBT_PROJECT) -> None:
        self.build_folder = build
        self.lake = lake
        self.logs = logs
        self.project = project
        self._manifest: Manifest | None = None

    def build(
        self,
        selection: Sequence[str],
        variables: Mapping[str, Any],
        *,
        full_refresh: bool,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> Outcome:
        """One `dbt build`; every DuckDB handle is closed when it returns.

        Args:
            selection: dbt's own selection arguments.
            variables: dbt vars; dates become ISO texts.
            full_refresh: Rebuild incremental models whole.
            on_progress: Told of each node as it begins and ends, from dbt's threads.

        Returns:
            The results, failed ones included: the caller decides what they mean.

        Raises:
            DbtError: dbt did not get as far as running anything.
        """
        if self._manifest is None:
            self._manifest = parse(self.project)
        arguments = ["build", "--vars", _variables(variables), *selection]
        # Unit tests prove the code, not the night's data; they run in `make check`.
        arguments += ["--exclude-resource-type", "unit_test"]
        # The results are taken from memory; writing the manifest anew costs a second each time.
        arguments += ["--no-write-json"]
        arguments += ["--full-refresh"] if full_refresh else []
        started = time.monotonic()
        paths = {"CRM_BUILD_DIR": str(self.build_folder), "CRM_LAKE_DIR": str(self.lake)}
        runner = dbtRunner(manifest=self._manifest, callbacks=[_listener(on_progress)])
        try:
            with _environment(paths), _collector_at_rest():
                target = self.build_folder / "dbt"
                result = _invoke(runner, self.project, target, self.logs, arguments)
        finally:
            close_handles()
        found = getattr(result.result, "results", None)
        if found is None:
            why = _first_line(result.exception)
            raise DbtError(f"dbt 未能运行：{why}。", f"dbt did not run: {why}")
        nodes = [_node_result(each) for each in found if each.node.resource_type != "operation"]
        failures = [each for each in nodes if each.is_bad]
        failures += [_node_result(each) for each in found if _is_failed_hook(each)]
        return Outcome(nodes, time.monotonic() - started, failures)


def close_handles() -> None:
    """Close dbt-duckdb's connection, which it keeps for the life of the process otherwise.

    dbt-duckdb holds one environment per process in a class attribute and forgets it without
    closing; the file lock would then last until garbage collection.
    """
    with DuckDBConnectionManager._LOCK:
        environment = DuckDBConnectionManager._ENV
        if environment is not None:
            environment.close()
        DuckDBConnectionManager._ENV = None


def _invoke(
    runner: dbtRunner, project: Path, target: Path, logs: Path, arguments: Sequence[str]
) -> dbtRunnerResult:
    folders = ["--project-dir", project, "--profiles-dir", project, "--target-path", target]
    command = [*QUIET, "--log-path", logs, *arguments, *folders]
    try:
        return runner.invoke([str(each) for each in command])
    finally:
        _close_log()


def _close_log() -> None:
    """Close the log file of the invocation, which dbt leaves open for the next one to forget."""
    cleanup_event_logger()
    for name in DBT_LOGGERS:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables that dbt's profile reads, for the time of one invocation."""
    settings = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", **values}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage collection of cycles meanwhile: a tenth of the time of a small night.

    The parsed project is a million objects that every collection walks through; what one
    invocation leaves behind in cycles is small, and goes with the next collection.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _variables(values: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, dt.date):
            return value.isoformat()
        return [plain(each) for each in value] if isinstance(value, list | tuple) else value

    return json.dumps({name: plain(value) for name, value in values.items()})


def _listener(on_progress: Callable[[Progress], None]) -> Callable[[Any], None]:
    """Turn dbt's events into progress; dbt counts from the whole, so ends are counted here."""
    state = {"done": 0, "total": 0}

    def listen(event: Any) -> None:
        if event.info.name == "LogStartLine":
            state["total"] = event.data.total
        if event.info.name not in ("LogStartLine", "NodeFinished"):
            return
        node = event.data.node_info
        is_end = event.info.name == "NodeFinished"
        state["done"] += is_end
        status = str(node.node_status) if is_end else "started"
        on_progress(
            Progress(node.node_name, node.resource_type, status, state["done"], state["total"])
        )

    return listen


def _node_result(result: Any) -> NodeResult:
    node = result.node
    meta = getattr(getattr(node, "config", None), "meta", None) or {}
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        kind=str(node.resource_type),
        status=str(result.status),
        seconds=float(result.execution_time or 0),
        failures=result.failures,
        message=_first_line(result.message),
        told=str(meta.get("message", "")),
    )


def _is_failed_hook(result: Any) -> bool:
    return result.node.resource_type == "operation" and str(result.status) != "success"


def _first_line(said: object) -> str:
    """What dbt or DuckDB said, as one line without its headings."""
    lines = [line.strip() for line in str(said or "").splitlines() if line.strip()]
    telling = [
        line for line in lines if not line.endswith((":", " Error")) and " Error in " not in line
    ]
    return (telling or lines or ["it gave no reason"])[0]
