"""The floor: the data work of a first night as one bare DuckDB script, timed step by step.

Reads the same GB18030 extracts from the same landing folder, decodes them strictly, types every
CSV feed into Parquet, and builds the transaction fact with its joins, the balance stretches, the
account months and the ranked profit of customers by month. No quarantine, no ledger, no tests, no
history of corrections, no publishing: what is left is what any system has to do with this data on
this machine, and the night is measured against it.

    python benchmarks/floor.py --landing data/landing --work build/floor

Prints one JSON object. Uses nothing of the house but its feed files, so that it stays a floor when
the house changes.
"""

from __future__ import annotations

import argparse
import codecs
import json
import multiprocessing
import os
import re
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

ROOT = Path(__file__).resolve().parent.parent
FEEDS = ROOT / "ingestion" / "feeds"
SCRIPT = Path(__file__).with_name("floor.sql")
RULES = ROOT / "dbt" / "seeds" / "rules"
CHUNK_BYTES = 1 << 22
SQL_TYPES = {
    "text": "varchar",
    "code": "varchar",
    "integer": "bigint",
    "money": "decimal(18, 2)",
    "rate": "decimal(12, 8)",
    "decimal": "decimal(18, 4)",
    "float": "double",
    "date": "date",
    "boolean": "boolean",
}


@dataclass
class Clock:
    """Seconds and peak memory of each step."""

    steps: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; the peak is that of the process up to its end."""
        start = time.perf_counter()
        yield
        seconds = round(time.perf_counter() - start, 3)
        self.steps.append({"step": name, "seconds": seconds, "peak_mb": peak_mb()})


@dataclass(frozen=True)
class Delivered:
    """A feed and the CSV files that came for it."""

    feed: dict[str, Any]
    delimiter: str
    encoding: str
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Name of the feed."""
        return str(self.feed["feed"])


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes.
    return round(largest / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def text(value: str) -> str:
    """A SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def find_deliveries(landing: Path) -> list[Delivered]:
    """CSV files of the landing folder by feed; the patterns are those of the feed files."""
    present = [path for path in landing.rglob("*.csv") if path.is_file()]
    found = []
    for path in sorted(FEEDS.glob("*.yml")):
        feed = yaml.safe_load(path.read_text(encoding="utf-8"))
        for spec in feed["delivery"].get("files", []):
            if spec["format"] != "csv":
                continue
            pattern = re.escape(spec["pattern"]).replace(r"\{date\}", r"\d{6}(\d\d)?")
            pattern = pattern.replace(r"\{version\}", "")
            regex = re.compile(pattern.replace(r"\{part\}", ".+"))
            files = sorted((p for p in present if regex.fullmatch(p.name)), key=lambda p: p.name)
            if files:
                delimiter = spec.get("delimiter", ",")
                found.append(Delivered(feed, delimiter, spec["encoding"], tuple(files)))
    return found


def decode(task: tuple[Path, str, Path]) -> tuple[int, int]:
    """Write one file again as UTF-8; returns its bytes, and how many were not of its encoding.

    Each illegal byte becomes U+FFFD and is counted: clerks' files hold some, and stopping at the
    first would measure nothing.
    """
    source, encoding, target = task
    illegal = 0

    def mark(error: UnicodeError) -> tuple[str, int]:
        nonlocal illegal
        if not isinstance(error, UnicodeDecodeError):
            raise error
        illegal += 1
        return "\ufffd", error.start + 1

    codecs.register_error("mark_illegal", mark)
    decoder = codecs.getincrementaldecoder(encoding)("mark_illegal")
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as stream, target.open("wb") as sink:
        while chunk := stream.read(CHUNK_BYTES):
            sink.write(decoder.decode(chunk).encode())
        sink.write(decoder.decode(b"", final=True).encode())
    return source.stat().st_size, illegal


def decode_all(
    deliveries: list[Delivered], work: Path, workers: int
) -> tuple[int, int, dict[str, list[Path]]]:
    """Decode every file in worker processes, largest first.

    Returns:
        Bytes read, bytes that were not of their file's encoding, and the new files by feed.
    """
    tasks: list[tuple[Path, str, Path]] = []
    files_of: dict[str, list[Path]] = {}
    for delivered in deliveries:
        targets = [work / "utf8" / delivered.name / path.name for path in delivered.files]
        files_of[delivered.name] = targets
        for source, target in zip(delivered.files, targets, strict=True):
            tasks.append((source, delivered.encoding, target))
    tasks.sort(key=lambda task: -task[0].stat().st_size)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        done = list(pool.map(decode, tasks))
    return sum(size for size, _ in done), sum(illegal for _, illegal in done), files_of


def typed(column: dict[str, Any], headings: list[str]) -> str:
    """Expression of one column from whatever of its headings the files have."""
    names = [column["heading"], *column.get("aliases", []), column["name"]]
    present = [f'"{name}"' for name in names if name in headings]
    kind = SQL_TYPES[column["type"]]
    if not present:
        return f"cast(null as {kind})"
    raw = f"nullif(trim({present[0]}), '')"
    if len(present) > 1:
        filled = ", ".join(f"nullif(trim({name}), '')" for name in present)
        raw = f"coalesce({filled})"
    if values := column.get("values"):
        arms = " ".join(
            f"when {text(str(word))} then {text(code)}"
            for code, words in values.items()
            for word in words
        )
        raw = f"case {raw} {arms} else {raw} end"
    if column["type"] in ("text", "code"):
        return raw
    if column.get("unit") == "percent":
        return f"cast(try_cast({raw} as decimal(18, 10)) / 100 as {kind})"
    if column.get("unit") == "wan_yuan":
        return f"cast(try_cast({raw} as decimal(18, 6)) * 10000 as {kind})"
    if column["type"] == "date":
        return f"coalesce(try_cast({raw} as date), try_strptime({raw}, '%Y%m%d')::date)"
    return f"try_cast({raw} as {kind})"


def by_header(files: list[Path], delimiter: str) -> dict[tuple[str, ...], list[Path]]:
    """Files with the same first line together: their columns are in one order."""
    groups: dict[tuple[str, ...], list[Path]] = {}
    for path in files:
        with path.open(encoding="utf-8-sig") as stream:
            first = stream.readline().rstrip("\r\n")
        header = tuple(name.strip().strip('"') for name in first.split(delimiter))
        groups.setdefault(header, []).append(path)
    return groups


def write_parquet(
    con: duckdb.DuckDBPyConnection, delivered: Delivered, files: list[Path], target: Path
) -> int:
    """Type one feed into Parquet; returns its rows. Lines with too many or too few cells are left.

    Every column is named, so that DuckDB guesses nothing and reads in parallel.
    """
    is_state = delivered.feed["kind"] != "event"
    selects = []
    for header, group in by_header(files, delivered.delimiter).items():
        listed = ", ".join(text(str(path)) for path in group)
        named = ", ".join(f"{text(name)}: 'varchar'" for name in header)
        source = (
            f"read_csv([{listed}], delim = {text(delivered.delimiter)}, quote = '\"', "
            f"escape = '\"', header = true, auto_detect = false, columns = {{{named}}}, "
            f"ignore_errors = true, filename = {str(is_state).lower()})"
        )
        parts = [f"{typed(c, list(header))} as {c['name']}" for c in delivered.feed["columns"]]
        if is_state:
            digits = "regexp_extract(filename, '([0-9]{6,8})[.]csv$', 1)"
            parts.append(f"rpad({digits}, 8, '9') as delivered_code")
        # All names come from our own feed files and the headers, all texts are quoted.
        selects.append(f"select {', '.join(parts)} from {source}")  # noqa: S608
    con.execute(f"copy ({' union all '.join(selects)}) to {text(str(target))}")
    con.execute(
        f"create view {delivered.name} as select * from read_parquet({text(str(target))})"  # noqa: S608
    )
    return count(con, delivered.name)


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows of one of our own tables."""
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608


def read_steps() -> dict[str, str]:
    """The steps of floor.sql in order, by name."""
    script = SCRIPT.read_text(encoding="utf-8")
    for rule in ("activity_time", "cost_pool_rule"):
        script = script.replace(f"{{{rule}}}", text(str(RULES / f"{rule}.csv")))
    parts = re.split(r"^-- step: (.+)$", script, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def measure(landing: Path, work: Path, threads: int, memory_limit: str | None) -> dict[str, Any]:
    """Run every step once and return what it took and what it built."""
    clock = Clock()
    deliveries = find_deliveries(landing)
    if not deliveries:
        raise SystemExit(f"no CSV extract of any feed lies in {landing}")
    (work / "parquet").mkdir(parents=True)
    with clock.step("decode"):
        size, illegal, files_of = decode_all(deliveries, work, threads)
    con = duckdb.connect(str(work / "floor.duckdb"))
    con.execute(f"set threads = {threads}; set preserve_insertion_order = false")
    if memory_limit:
        con.execute(f"set memory_limit = {text(memory_limit)}")
    rows: dict[str, int] = {}
    with clock.step("type to parquet"):
        for delivered in deliveries:
            target = work / "parquet" / f"{delivered.name}.parquet"
            rows[delivered.name] = write_parquet(con, delivered, files_of[delivered.name], target)
    shutil.rmtree(work / "utf8")
    for name, sql in read_steps().items():
        with clock.step(name):
            con.execute(sql)
    with clock.step("checkpoint"):
        con.execute("checkpoint")
    for table in (
        "fct_transaction",
        "fct_account_balance_interval",
        "fct_account_month",
        "customer_month",
    ):
        rows[table] = count(con, table)
    con.close()
    return {
        "total_seconds": round(sum(step["seconds"] for step in clock.steps), 3),
        "peak_mb": peak_mb(),
        "bytes_read": size,
        "illegal_bytes": illegal,
        "threads": threads,
        "duckdb": duckdb.__version__,
        "steps": clock.steps,
        "rows": rows,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--landing", type=Path, required=True, help="folder of delivered files")
    parser.add_argument("--work", type=Path, required=True, help="scratch folder, emptied first")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--memory-limit", help="DuckDB memory limit, such as 6GB")
    given = parser.parse_args()
    if given.work.exists():
        if {path.name for path in given.work.iterdir()} - {"utf8", "parquet", "floor.duckdb"}:
            raise SystemExit(f"{given.work} holds something else; name an empty folder")
        shutil.rmtree(given.work)
    result = measure(given.landing, given.work, given.threads, given.memory_limit)
    sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
