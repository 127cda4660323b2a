"""Write or check the files that are generated from the feeds.

Example: `python -m ingestion.contracts write`, `python -m ingestion.contracts check`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ingestion.contracts.errors import FeedError
from ingestion.contracts.generated import check_files, write_files
from ingestion.contracts.load import FEEDS_DIR, load_feeds


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 = fine, 1 = stale or invalid, as sentences on stderr."""
    parser = argparse.ArgumentParser(prog="python -m ingestion.contracts", description=__doc__)
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("--root", type=Path, default=FEEDS_DIR.parents[1], help="repository")
    options = parser.parse_args(arguments)
    try:
        feeds = load_feeds(standard=options.root / "ingestion" / "feeds")
    except FeedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.action == "write":
        changed = write_files(feeds, options.root)
        sys.stdout.write("".join(f"{line}\n" for line in changed) or "Nothing to change.\n")
        return 0
    problems = check_files(feeds, options.root)
    sys.stderr.write("".join(f"{line}\n" for line in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
