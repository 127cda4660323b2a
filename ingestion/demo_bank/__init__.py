"""A county bank that does not exist: its deliveries for a year, and the truth about it.

The generator writes exactly the files that the feeds in `ingestion/feeds` describe, with the few
errors that real clerks make. It reads headings and code texts from the feeds, so that the two can
never disagree, and it contains nothing that parses.
"""

from __future__ import annotations

from ingestion.demo_bank.writer import DemoReport, land_next, write_demo_bank

__all__ = ["DemoReport", "land_next", "write_demo_bank"]
