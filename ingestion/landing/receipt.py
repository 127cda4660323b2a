"""What one look into the landing folder found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ingestion.landing.due import Missing
from ingestion.ledger import DeliveryRow
from ingestion.sentence import Sentence


@dataclass
class Receipt:
    """What one look into the landing folder found.

    Attributes:
        received: Deliveries taken in now.
        duplicates: Deliveries of content that was taken in before.
        pending: All deliveries that wait for extraction, those of a killed run included.
        unclaimed: Files that no feed knows.
        unsettled: Files still being written, or waiting for their control file; the next run
            looks again.
        later: Files of a later business date.
        missing: Required deliveries that are due.
        notes: Remarks for the operator.
    """

    received: list[DeliveryRow] = field(default_factory=list)
    duplicates: list[DeliveryRow] = field(default_factory=list)
    pending: list[DeliveryRow] = field(default_factory=list)
    unclaimed: list[Path] = field(default_factory=list)
    unsettled: list[Path] = field(default_factory=list)
    later: list[Path] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)
