"""The tables of the ledger, and how a ledger of an earlier version becomes one of today."""

from __future__ import annotations

from typing import Final

SCHEMA_VERSION: Final = 3
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS run (
    run_id INTEGER PRIMARY KEY AUTOINCREMENT,
    business_date TEXT NOT NULL,
    code_version TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    message TEXT
);
CREATE TABLE IF NOT EXISTS delivery (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL REFERENCES run (run_id),
    feed TEXT NOT NULL,
    file_name TEXT NOT NULL,
    landing_path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    part TEXT,
    slot TEXT NOT NULL,
    file_version INTEGER NOT NULL DEFAULT 0,
    batch_id TEXT NOT NULL,
    contract TEXT NOT NULL,
    control TEXT,
    state TEXT NOT NULL,
    received_at TEXT NOT NULL,
    ended_at TEXT,
    ended_run_id INTEGER,
    rows_in INTEGER,
    rows_loaded INTEGER,
    rows_quarantined INTEGER,
    rows_not_data INTEGER,
    counted_rows INTEGER,
    refusal_zh TEXT,
    refusal_en TEXT,
    report TEXT,
    gate TEXT,
    corrects TEXT
);
CREATE INDEX IF NOT EXISTS delivery_by_content ON delivery (sha256, feed, business_date);
CREATE INDEX IF NOT EXISTS delivery_by_slot ON delivery (feed, business_date, slot);
CREATE INDEX IF NOT EXISTS delivery_by_state ON delivery (state);
CREATE INDEX IF NOT EXISTS delivery_by_correction ON delivery (corrects);
CREATE TABLE IF NOT EXISTS decision (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL REFERENCES delivery (delivery_id),
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS change (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    feed TEXT NOT NULL,
    feed_kind TEXT NOT NULL,
    business_date TEXT NOT NULL,
    event_dates TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS file_seen (
    path TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS stage (
    stage_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id INTEGER NOT NULL,
    stage TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at TEXT NOT NULL,
    seconds REAL,
    peak_mb REAL
);
CREATE TABLE IF NOT EXISTS generation (
    number INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    checksum TEXT,
    sequence INTEGER NOT NULL,
    recorded_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS export (
    export_id INTEGER PRIMARY KEY AUTOINCREMENT,
    generation INTEGER NOT NULL,
    code TEXT NOT NULL,
    from_date TEXT NOT NULL,
    until_date TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    audience TEXT NOT NULL,
    purpose TEXT,
    exported_by TEXT NOT NULL,
    exported_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS export_by_code ON export (code, until_date);
"""

# What has to be done to a ledger of each earlier version, before the tables above are made sure
# of: a ledger is never lost, so it is never thrown away for being old.
MIGRATIONS: Final[dict[int, str]] = {
    1: """
ALTER TABLE delivery ADD COLUMN corrects TEXT;
ALTER TABLE delivery ADD COLUMN file_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN control TEXT;
""",
}
