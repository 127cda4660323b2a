"""Lint the SQL of the dbt project with sqlfluff, leaving out files that passed before unchanged.

sqlfluff needs half a second a file. What passed is remembered in build/ by content, so that a
second `make check` lints changed files only, and a fresh clone all of them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
REMEMBERED = REPOSITORY / "build" / "sqlfluff.json"


def main() -> int:
    """Lint what is not known to be right; sqlfluff's own exit code."""
    rules = (REPOSITORY / ".sqlfluff").read_bytes() + version("sqlfluff").encode()
    digests = {
        str(path.relative_to(REPOSITORY)): hashlib.sha256(rules + path.read_bytes()).hexdigest()
        for folder in ("models", "tests")
        for path in sorted((REPOSITORY / "dbt" / folder).rglob("*.sql"))
    }
    try:
        passed = set(json.loads(REMEMBERED.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        passed = set()
    unknown = [name for name, digest in digests.items() if digest not in passed]
    sys.stdout.write(f"{len(unknown)} of {len(digests)} files to lint\n")
    if unknown:
        # sys.executable and names from our own folders; nothing from outside.
        command = [sys.executable, "-m", "sqlfluff", "lint", "--processes", "2", *unknown]
        done = subprocess.run(command, cwd=REPOSITORY, check=False)  # noqa: S603
        if done.returncode:
            return done.returncode
    REMEMBERED.parent.mkdir(exist_ok=True)
    REMEMBERED.write_text(json.dumps(sorted(digests.values())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
