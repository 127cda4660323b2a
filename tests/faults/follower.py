"""A reader that follows a home for days: every generation it opens must be one whole day.

    python -m tests.faults.follower HOME UNTIL_THIS_FILE_IS_THERE

says how many times it read, and how many times what it read was not one day, or none, or older.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from serving.connection import connect_current
from serving.errors import NothingPublishedError


def follow(home: Path, until: Path) -> tuple[int, int]:
    """Reads and wrong reads, until the file is there."""
    reads = wrong = last = 0
    while not until.exists():
        try:
            opened, generation = connect_current(home / "warehouse", "vault")
        except NothingPublishedError:
            wrong += last > 0
            time.sleep(0.1)
            continue
        with opened:
            days = opened.execute(
                "select day from crm.main.business_day union"
                " select day from vault.main.business_day"
            ).fetchall()
        reads += 1
        wrong += days != [(str(generation.business_date),)] or generation.number < last
        last = generation.number
        time.sleep(0.05)
    return reads, wrong


if __name__ == "__main__":
    sys.stdout.write("{} {}".format(*follow(Path(sys.argv[1]), Path(sys.argv[2]))))
