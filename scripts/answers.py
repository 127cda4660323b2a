"""Ask the queries on a page again, and put today's answers under them.

    crm demo --customers 2000 --months 12 --home build/marts && crm run --home build/marts
    python scripts/answers.py docs/marts.md --home build/marts

A query is a fence of `sql`, or a fenced `crm sql "..."`; its answer is the plain fence after it.
"""

from __future__ import annotations

import argparse
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)\n```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r'\A\S*crm sql "(?P<query>.*)"\s*\Z', re.DOTALL)
CRM = [sys.executable, "-m", "dagster_project.cli.main"]


def queries(page: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Query, answer, and where in the page the answer stands."""
    for asked, answered in itertools.pairwise(FENCE.finditer(page)):
        if answered["kind"] or page[asked.end() : answered.start()].strip():
            continue
        command = COMMAND.match(asked["text"])
        if asked["kind"] == "sql":
            yield asked["text"], answered["text"], answered.span("text")
        elif command:
            yield command["query"], answered["text"], answered.span("text")


def ask(query: str, home: Path) -> str:
    """What `crm sql` prints, without the number of rows.

    Raises:
        subprocess.CalledProcessError: The query cannot be answered.
    """
    # Our own interpreter and module; the query is an argument, not a shell's text.
    done = subprocess.run(  # noqa: S603
        [*CRM, "sql", query, "--home", str(home)], capture_output=True, text=True, check=True
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    return "\n".join(lines[:-1])


def main() -> None:
    """Rewrite the answers of the page that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    given = parser.parse_args()
    page = given.page.read_text(encoding="utf-8")
    changed = 0
    for query, answer, (start, end) in reversed(list(queries(page))):
        fresh = ask(query, given.home)
        changed += fresh != answer
        page = page[:start] + fresh + page[end:]
    given.page.write_text(page, encoding="utf-8")
    sys.stdout.write(f"{given.page}: {changed} answers changed\n")


if __name__ == "__main__":
    main()
