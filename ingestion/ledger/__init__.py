"""The ledger: a row for every run, delivered file, published generation and exported file.

It is the only memory of what was taken in; the lake can be made again from the archive by it.
A batch counts as loaded once its Parquet file lies in the lake under its final name, never
before. A run killed in between leaves the delivery `received`, and the next run reads it again
into the same batch.
"""

from ingestion.ledger.decisions import DecisionError, Decisions
from ingestion.ledger.deliveries import Deliveries
from ingestion.ledger.exports import Exports
from ingestion.ledger.file import LedgerError
from ingestion.ledger.generations import Generations
from ingestion.ledger.rows import (
    Decision,
    DeliveryRow,
    Export,
    Generation,
    LakeChange,
    Run,
    Stage,
    Touched,
    open_refusals,
    open_rows,
)
from ingestion.ledger.runs import Runs

__all__ = [
    "Decision",
    "DecisionError",
    "DeliveryRow",
    "Export",
    "Generation",
    "LakeChange",
    "Ledger",
    "LedgerError",
    "Run",
    "Stage",
    "Touched",
    "open_refusals",
    "open_rows",
]


class Ledger(Runs, Deliveries, Decisions, Generations, Exports):
    """The ledger in one SQLite file; opened anew for each use, so that it can be shared."""
