"""The contract of every feed: one yml file read once, and all that is derived from it."""

from ingestion.contracts.bank_file import BankFile, load_bank
from ingestion.contracts.errors import FeedError
from ingestion.contracts.feed import (
    Column,
    Delivery,
    Feed,
    FilePattern,
    HeadingMatch,
    Match,
    Security,
    Title,
)
from ingestion.contracts.load import FEEDS_DIR, load_feed, load_feeds
from ingestion.contracts.text import normalise_heading, normalise_value
from ingestion.contracts.types import CHECKS, ORIGIN_COLUMNS, duckdb_type, lake_schema

__all__ = [
    "CHECKS",
    "FEEDS_DIR",
    "ORIGIN_COLUMNS",
    "BankFile",
    "Column",
    "Delivery",
    "Feed",
    "FeedError",
    "FilePattern",
    "HeadingMatch",
    "Match",
    "Security",
    "Title",
    "duckdb_type",
    "lake_schema",
    "load_bank",
    "load_feed",
    "load_feeds",
    "normalise_heading",
    "normalise_value",
]
