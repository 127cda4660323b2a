"""One large extract to the lake: the house's reader against the barest path to the same Parquet.

    python benchmarks/extract.py                       # 5 million postings
    python benchmarks/extract.py --rows 500000

Writes a GB18030 file with the columns of `corebank__transaction`, then reads it in three ways, each
in a process of its own, one after the other:

*ours*: what a reader's child process does with a delivered file: strict decoding, every line and
every cell held against the contract, duplicates looked for, totals taken, Parquet written.
*piped*: strict incremental decoding in one thread, DuckDB with two threads at the other end of a
pipe, the same types cast, Parquet written. Nothing is checked, counted or kept.
*staged*: strict incremental decoding into a UTF-8 file, which DuckDB then reads with two threads.

The faster of the two bare paths is what ours is measured against. Each is read several times in
turn, and the quickest reading counts: what the others took in addition is the machine's.
"""

from __future__ import annotations

import argparse
import codecs
import datetime as dt
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
FEED = "corebank__transaction"
DAY = dt.date(2025, 1, 31)
NAME = "corebank_transaction_20250131.csv"
CHUNK_BYTES = 1 << 20
# The least throughput against the bare path, and the most memory of ours.
LEAST_RATIO = 0.7
MOST_MB = 2048
BARE_TYPES = {"money": "decimal(18, 2)", "date": "date"}


def write_file(path: Path, rows: int, seed: int) -> None:
    """Write `rows` postings as the core system prints them; equal arguments write equal bytes."""
    from ingestion.contracts import load_feeds

    feed = load_feeds()[FEED]
    rng = random.Random(seed)  # noqa: S311  postings, not secrets
    raws = {c.name: [texts[0] for texts in c.values.values()] for c in feed.columns if c.values}
    people = [
        rng.choice("王李张刘陈杨赵黄周吴徐孙马朱胡郭何林罗高")
        + "".join(
            rng.choices("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华", k=rng.choice((1, 2)))
        )
        for _ in range(4000)
    ]
    people += ["阿卜杜拉·买买提", "𠮷田商贸", "镕基五金店"]
    firms = [
        f"{rng.choice(people)[:1]}记{kind}有限公司" for kind in ("豆腐", "五金", "粮油", "建材")
    ]
    banks = ["", "", "", "农业银行城关支行", "邮储银行", "建设银行北街支行", "工商银行"]
    notes = [
        "",
        "货款",
        "工资",
        "网购",
        "水电费",
        "转账汇款",
        "微信支付-扫码消费",
        "ATM取款",
        "代发养老金",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        headings = "|".join(column.heading for column in feed.columns)
        out.write((headings + "\r\n").encode("gb18030"))
        lines: list[str] = []
        for number in range(rows):
            draw = rng.random()
            cents = int(draw * 5_000_000) + 1
            account = 6217000100000000 + int(draw * 1e9) % 400_000
            moment = number * 86_400 // rows
            other = rng.choice(people) if draw < 0.6 else (rng.choice(firms) if draw < 0.7 else "")
            lines.append(
                f"J20250131{number:010d}|{account}|20250131"
                f"|{moment // 3600:02d}:{moment // 60 % 60:02d}:{moment % 60:02d}"
                f"|{rng.choice(raws['direction_code'])}|{cents // 100}.{cents % 100:02d}"
                f"|{cents * 7 // 100}.{cents * 7 % 100:02d}|CNY"
                f"|{rng.choice(raws['transaction_type_code'])}|{rng.choice(raws['channel_code'])}"
                f"|{rng.choice(raws['initiator_code'])}|{'0.50' if draw > 0.9 else ''}"
                f"|{other}|{account * 3 if other else ''}|{rng.choice(banks) if other else ''}"
                f"|{rng.choice(notes)}\r\n"
            )
            if len(lines) == 50_000:
                out.write("".join(lines).encode("gb18030"))
                lines.clear()
        out.write("".join(lines).encode("gb18030"))


def read_ours(source: Path, target: Path) -> dict[str, Any]:
    """The file as a reader's child process reads it."""
    from ingestion.batch import batch_id_of
    from ingestion.contracts import load_feeds
    from ingestion.reading.load import open_engine
    from ingestion.workers.task import Task, perform

    feed = load_feeds()[FEED]
    found = feed.match(NAME)
    if found is None:
        raise SystemExit(f"{NAME} is no file of {FEED}")
    spill = target.with_suffix(".spill")
    spill.mkdir(exist_ok=True)
    batch = batch_id_of("0" * 64, FEED, DAY)
    started = time.perf_counter()
    engine = open_engine("1GB", spill)
    task = Task(
        delivery_id=0,
        feed=FEED,
        pattern=found[0],
        archived=source,
        source_file=NAME,
        part=None,
        business_date=DAY,
        batch_id=batch,
        precedence="0",
        unfinished=target,
        quarantine=target.parent / "kept",
    )
    report = perform(task, feed, engine)
    seconds = time.perf_counter() - started
    if report.state != "loaded" or report.rows_quarantined:
        raise SystemExit(f"{report.state}: {report.refusal}, {report.reasons}")
    return {"seconds": seconds, "rows": report.rows_loaded}


def read_piped(source: Path, target: Path) -> dict[str, Any]:
    """Strict decoding in one thread, DuckDB behind a pipe."""
    started = time.perf_counter()
    reading, writing = os.pipe()

    def pump() -> None:
        with source.open("rb") as stream, os.fdopen(writing, "wb", buffering=0) as sink:
            for data in _decoded(stream):
                view = memoryview(data)
                while view:
                    view = view[sink.write(view) :]

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    rows = _to_parquet(f"/dev/fd/{reading}", target)
    thread.join()
    return {"seconds": time.perf_counter() - started, "rows": rows}


def read_staged(source: Path, target: Path) -> dict[str, Any]:
    """Strict decoding into a UTF-8 file first, then DuckDB."""
    started = time.perf_counter()
    staged = target.with_suffix(".utf8")
    with source.open("rb") as stream, staged.open("wb") as sink:
        for data in _decoded(stream):
            sink.write(data)
    rows = _to_parquet(str(staged), target)
    return {"seconds": time.perf_counter() - started, "rows": rows}


def _decoded(stream: Any) -> Any:
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    while block := stream.read(CHUNK_BYTES):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _to_parquet(file: str, target: Path) -> int:
    import duckdb
    import yaml

    columns = yaml.safe_load((ROOT / "ingestion" / "feeds" / f"{FEED}.yml").read_text("utf-8"))
    casts = {c["name"]: BARE_TYPES.get(c["type"], "varchar") for c in columns["columns"]}
    asked = ", ".join(
        f"strptime({name}, '%Y%m%d')::date as {name}"
        if kind == "date"
        else f"{name}::{kind} as {name}"
        for name, kind in casts.items()
    )
    texts = ", ".join(f"'{name}': 'varchar'" for name in casts)
    with duckdb.connect() as engine:
        engine.execute("set threads = 2")
        engine.execute("set memory_limit = '2GB'")
        # Order is kept, as ours keeps it: a refused row is found by its line.
        done = engine.execute(
            f"copy (select {asked} from read_csv('{file}', delim = '|', quote = '\"',"  # noqa: S608  our own names
            f" header = true, columns = {{{texts}}}, auto_detect = false, new_line = '\\r\\n'))"
            f" to '{target}' (format parquet)"
        ).fetchone()
    return int(done[0]) if done else 0


PATHS = {"ours": read_ours, "piped": read_piped, "staged": read_staged}


def measure(rows: int, seed: int, rounds: int, work: Path) -> dict[str, Any]:
    """Write the file and read it by every path, each in a process of its own."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    source = work / NAME
    write_file(source, rows, seed)
    result: dict[str, Any] = {"rows": rows, "seed": seed, "megabytes": source.stat().st_size / 1e6}
    readings: dict[str, list[dict[str, Any]]] = {path: [] for path in PATHS}
    for path in [*PATHS] * rounds:
        (work / f"{path}.parquet").unlink(missing_ok=True)
        done = subprocess.run(  # noqa: S603  our own script, no shell
            [sys.executable, __file__, "--read", path, "--work", str(work)],
            check=True,
            capture_output=True,
            text=True,
        )
        reading = json.loads(done.stdout)
        if reading["rows"] != rows:
            raise SystemExit(f"{path} wrote {reading['rows']} of {rows} rows")
        readings[path].append(reading)
    for path, taken in readings.items():
        result[path] = min(taken, key=lambda reading: reading["seconds"])
    bare = min(result["piped"]["seconds"], result["staged"]["seconds"])
    result["ratio"] = bare / result["ours"]["seconds"]
    return result


def show(result: dict[str, Any]) -> None:
    """Print one line per path and the ratio."""
    tell = sys.stdout.write
    tell(f"extract: {result['rows']:,} postings, {result['megabytes']:,.0f} MB of GB18030\n")
    for path in PATHS:
        taken = result[path]
        tell(
            f"  {path:7} {taken['seconds']:6.1f} s  {taken['cpu_seconds']:6.1f} s CPU"
            f"  {result['megabytes'] / taken['seconds']:5.0f} MB/s  {taken['peak_mb']:6,.0f} MB\n"
        )
    is_met = result["ratio"] >= LEAST_RATIO and result["ours"]["peak_mb"] <= MOST_MB
    tell(
        f"  throughput of ours over the faster bare path: {result['ratio']:.2f} (aim {LEAST_RATIO},"
        f" under {MOST_MB:,} MB): {'met' if is_met else 'missed'}\n"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=20250101)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench" / "extract")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--read", choices=PATHS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read is None:
        result = measure(given.rows, given.seed, given.rounds, given.work)
        shutil.rmtree(given.work)
        show(result)
        given.results.mkdir(parents=True, exist_ok=True)
        (given.results / "extract.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
        return
    target = given.work / f"{given.read}.parquet"
    taken = PATHS[given.read](given.work / NAME, target)
    used = resource.getrusage(resource.RUSAGE_SELF)
    taken["cpu_seconds"] = used.ru_utime + used.ru_stime
    # Linux counts in kilobytes, macOS in bytes.
    taken["peak_mb"] = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main()
