"""Compare reading a workbook whole with bare fastexcel reading the same book as text.

    python benchmarks/sheet.py                 # 100,000 rows of 30 columns
    python benchmarks/sheet.py --rows 20000 --rounds 5

Ours is what a reader's child does with a delivered book: look it over, read it, scan its XML a
second time, clean, parse and judge each cell, write Parquet, find doubled keys, count and sum. The
yardstick is one call of the library below it, which does none of that. Both run in fresh processes,
in turn, on one book that is written first; start and imports are not counted in either. The ratio
is the median of the pairs. Prints the table that stands in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ingestion.contracts import Feed  # noqa: E402  the folder is no package

LIMIT = 1.5
ROWS = 100_000
ROUNDS = 9
NAME = "sheet_20250131.xlsx"
BUSINESS_DATE = dt.date(2025, 1, 31)
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
DISTRICTS = ("城东支行", "城西支行", "高新区支行", "滨江支行", "开发区支行", "营业部")
#: Kind of column -> how many of the thirty are of it.
KINDS = {"name": 1, "number": 3, "branch": 2, "note": 2, "date": 5, "money": 11, "rate": 2,
         "count": 3}  # fmt: skip


def columns() -> list[dict[str, Any]]:
    """The thirty columns of a list of accounts as yml would tell them."""
    public = {"class": "C1", "level": 2, "mask": "none"}
    types = {"date": "date", "money": "money", "rate": "rate", "count": "integer"}
    found = [("serial_id", "流水号", "text", True)]
    for kind, count in KINDS.items():
        found += [(f"{kind}_{n}", f"{kind}{n}", types.get(kind, "text"), kind != "note")
                  for n in range(1, count + 1)]  # fmt: skip
    return [
        {
            "name": name,
            "heading": heading,
            "type": kind,
            "required": is_required,
            "security": public,
            "description": heading,
            **({"unit": "yuan"} if kind == "money" else {}),
        }
        for name, heading, kind, is_required in found
    ]


def feed() -> Feed:
    """A feed of thirty columns that only this comparison delivers."""
    return Feed.model_validate(
        {
            "feed": "bench__sheet",
            "title": {"zh": "对比", "en": "Comparison"},
            "grain": "One row per account.",
            "owner": "科技部",
            "kind": "snapshot",
            "delivery": {
                "frequency": "monthly",
                "files": [{"pattern": "sheet_{date}.xlsx", "format": "xlsx"}],
            },
            "key": ["serial_id"],
            "columns": columns(),
        }
    )


def write_book(path: Path, rows: int, seed: int = 1) -> None:
    """Write the book: shared strings, date cells, percentages, as office programs save it."""
    import xlsxwriter

    chance = random.Random(seed)  # noqa: S311  made-up figures
    headings = [column["heading"] for column in columns()]
    kinds = ["serial", *(kind for kind, count in KINDS.items() for _ in range(count))]
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("台账")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        amount = book.add_format({"num_format": "#,##0.00"})
        percent = book.add_format({"num_format": "0.00%"})
        sheet.write_row(0, 0, headings)
        for row in range(1, rows + 1):
            for place, kind in enumerate(kinds):
                if kind == "serial":
                    sheet.write_string(row, place, f"A{row:09d}")
                elif kind == "name":
                    given = "".join(chance.choices(GIVEN, k=2))
                    sheet.write_string(row, place, chance.choice(SURNAMES) + given)
                elif kind == "number":
                    sheet.write_string(row, place, f"6222{chance.randrange(10**15):015d}")
                elif kind == "branch":
                    sheet.write_string(row, place, chance.choice(DISTRICTS))
                elif kind == "note" and chance.random() < 0.3:
                    sheet.write_string(row, place, f"客户经理{chance.randrange(200)}已回访")
                elif kind == "date":
                    sheet.write_number(row, place, chance.randrange(42_000, 45_688), day)
                elif kind == "money":
                    cents = int(chance.lognormvariate(12, 2))
                    sheet.write_number(row, place, cents / 100, amount)
                elif kind == "rate":
                    sheet.write_number(row, place, chance.randrange(500) / 10_000, percent)
                elif kind == "count":
                    sheet.write_number(row, place, chance.randrange(1000))


def read_bare(path: Path) -> dict[str, Any]:
    """What the library takes to give every cell as text."""
    import fastexcel
    import pyarrow  # noqa: F401  it hands its columns over to this

    started = time.perf_counter()
    sheet = fastexcel.read_excel(str(path)).load_sheet(
        0, header_row=None, skip_rows=0, dtypes="string", eager=True
    )
    return {"seconds": time.perf_counter() - started, "rows": sheet.num_rows}


def read_whole(path: Path, folder: Path) -> dict[str, Any]:
    """What a reader's child takes for the whole of its work on the book."""
    import pyarrow.dataset  # noqa: F401  imports are not counted; the engine's first table needs it

    from ingestion.reading import xlsx  # noqa: F401
    from ingestion.reading.load import open_engine
    from ingestion.workers.task import Task, perform

    contract = feed()
    pattern = contract.delivery.files[0]
    task = Task(
        delivery_id=1,
        feed=contract.feed,
        pattern=pattern,
        archived=path,
        source_file=NAME,
        part=None,
        business_date=BUSINESS_DATE,
        batch_id="b1",
        precedence="0000|2|",
        unfinished=folder / "b1.parquet",
        quarantine=folder / "quarantine",
    )
    engine = open_engine("1GB", folder)
    started = time.perf_counter()
    report = perform(task, contract, engine)
    seconds = time.perf_counter() - started
    if report.state != "loaded":
        raise SystemExit(f"the book was not loaded: {report.refusal}")
    return {"seconds": seconds, "rows": report.rows_in, "loaded": report.rows_loaded}


def measure(path: Path, how: str) -> dict[str, Any]:
    """One reading in a process of its own."""
    command = [sys.executable, __file__, "--read", how, "--book", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def compare(rows: int, rounds: int) -> float:
    """Write a book, read it both ways in turn, print the table, and give the ratio."""
    with tempfile.TemporaryDirectory(prefix="crm-bench-") as folder:
        path = Path(folder) / NAME
        write_book(path, rows)
        taken: dict[str, list[dict[str, Any]]] = {"bare": [], "whole": []}
        for _ in range(rounds):
            for how, readings in taken.items():
                readings.append(measure(path, how))
        size = path.stat().st_size / 1e6
    bare, whole = taken["bare"], taken["whole"]
    if {reading["rows"] for reading in (*bare, *whole)} != {rows + 1}:
        raise SystemExit(f"not every reading saw {rows + 1:,} rows: {taken}")
    seconds = {how: [reading["seconds"] for reading in found] for how, found in taken.items()}
    # Of neighbours in time: a machine that others use, too, is slower for both of a pair. The
    # quickest of each would set one lucky short reading against a longer one on two threads.
    ratios = sorted(whole / bare for bare, whole in zip(*seconds.values(), strict=True))
    ratio = statistics.median(ratios)
    lines = [
        f"sheet of {rows:,} rows by {len(columns())} columns, {size:.0f} MB",
        "",
        "| Reading | Quickest s | Median s |",
        "| --- | --- | --- |",
    ]
    for how, words in (("bare", "fastexcel as text"), ("whole", "whole, to Parquet")):
        middle = statistics.median(seconds[how])
        lines.append(f"| {words} | {min(seconds[how]):.2f} | {middle:.2f} |")
    verdict = "met" if ratio <= LIMIT else "missed"
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {rounds} pairs"
    lines += ["", f"ratio {ratio:.2f} ({spread}), limit {LIMIT}: {verdict}"]
    sys.stdout.write("\n".join(lines) + "\n")
    return ratio


def main() -> None:
    """Compare, or be one of the processes that read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--strict", action="store_true", help="fail if the limit is missed")
    parser.add_argument("--read", choices=("bare", "whole"), help=argparse.SUPPRESS)
    parser.add_argument("--book", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read is None:
        is_missed = compare(given.rows, given.rounds) > LIMIT
        sys.exit(1 if given.strict and is_missed else 0)
    if given.read == "bare":
        sys.stdout.write(json.dumps(read_bare(given.book)))
        return
    with tempfile.TemporaryDirectory(prefix="crm-bench-") as folder:
        sys.stdout.write(json.dumps(read_whole(given.book, Path(folder))))


if __name__ == "__main__":
    main()
