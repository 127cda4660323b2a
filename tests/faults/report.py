"""docs/reliability.md from the figures that the last run of the fault tests left behind.

python -m tests.faults.report
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "build" / "faults"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEAD = (
    "| Case | Fault | Tried | Detected | Recovered | Rows lost | Wrong reads | Seed"
    " | Worst recovery, s | Peak, MB |\n"
    "| --- | --- | --: | --: | --: | --: | --: | --- | --: | --: |"
)
CLASSES = {
    "F0": "Crash, disk, concurrency",
    "F1": "Crash, disk, concurrency",
    "F2": "Deliveries",
    "F30": "Deliveries",
    "F4": "Content",
    "F50": "Content",
    "F6": "Hostile files",
    "SI": "Simulator",
}


def rows(folder: Path = FIGURES) -> list[dict[str, Any]]:
    """One row per case and fault: tests of the same one are added up."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        row = found.setdefault(
            (one["case"], one["title"]),
            dict.fromkeys(
                ("tried", "detected", "recovered", "rows_lost", "wrong_reads", "worst_seconds"), 0
            )
            | {"case": one["case"], "title": one["title"], "seeds": set(), "notes": [], "mb": 0}
            | {"step": 1},
        )
        for name in ("tried", "detected", "recovered", "rows_lost", "wrong_reads"):
            row[name] += one[name]
        row["worst_seconds"] = max(row["worst_seconds"], one["worst_seconds"])
        row["mb"] = max(row["mb"], one["peak_mb"] or 0)
        row["step"] = max(row["step"], one["step"])
        row["seeds"] |= {one["seed"]} - {None}
        row["notes"] += [note for note in one["notes"] if note not in row["notes"]]
    return sorted(found.values(), key=lambda row: (row["case"], row["title"]))


def table(found: list[dict[str, Any]]) -> str:
    """The tables, one per class, each with its remarks."""
    parts: list[str] = []
    for title in dict.fromkeys(CLASSES.values()):
        own = [row for row in found if _class(row["case"]) == title]
        if not own:
            continue
        lines = [f"### {title}", "", HEAD]
        lines += [
            f"| {row['case']} | {row['title']} | {row['tried']:,} | {row['detected']:,}"
            f" | {row['recovered']:,} | {row['rows_lost']:,} | {row['wrong_reads']:,}"
            f" | {', '.join(map(str, sorted(row['seeds'])))}"
            f" | {round(row['worst_seconds'], 1) or ''} | {row['mb'] or ''} |"
            for row in own
        ]
        for row in own:
            if row["step"] > 1:
                row["notes"].append(f"{row['title']}: n in steps of {row['step']}, not every n")
        notes = [f"- {row['case']}: {note}." for row in own for note in row["notes"]]
        parts.append("\n".join([*lines, "", *notes]).rstrip())
    return "\n\n".join(parts)


def _class(case: str) -> str:
    return CLASSES.get(case) or CLASSES[case[:2]]


def main() -> int:
    """Write the tables between the page's markers; 1 where there are no figures."""
    found = rows()
    if not found:
        sys.stderr.write("there are no figures; run the fault tests first: make test-faults\n")
        return 1
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}", encoding="utf-8")
    sys.stdout.write(f"{len(found)} rows of figures are in {PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
