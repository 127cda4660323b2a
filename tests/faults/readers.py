"""A reader as an analyst has one: opens what is published, again and again, and counts.

Every table of a stand-in build speaks of one generation; a reader that sees two of them in one
connection has seen a mixture.

    python -m tests.faults.readers WAREHOUSE UNTIL_THIS_FILE_IS_THERE
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from serving.connection import connect_current
from serving.errors import ServingError


def read(warehouse: Path, until: Path) -> dict[str, object]:
    """Reads, mixtures, generations that went backwards, and errors, until the file is there."""
    told: dict[str, object] = {}
    reads = mixed = backwards = last = 0
    errors: list[str] = []
    while not until.exists() or not reads:
        try:
            opened, generation = connect_current(warehouse, "vault")
            with opened:
                seen = opened.execute(
                    "select min(n), max(n) from (select n from crm.main.one union all"
                    " select n from crm.main.other union all select n from vault.main.third)"
                ).fetchone()
        except (ServingError, OSError) as error:
            errors.append(str(error))
            continue
        reads += 1
        mixed += seen != (generation.run_id, generation.run_id)
        backwards += generation.number < last
        last = generation.number
        time.sleep(0.02)
    told.update(reads=reads, mixed=mixed, backwards=backwards, errors=errors[:3])
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]), Path(sys.argv[2]))))
