"""The landing folder: what was delivered, which feed it belongs to, and what is still missing."""

from ingestion.landing.archive import archive_path
from ingestion.landing.due import Missing, due_date, held_sentence, missing_deliveries
from ingestion.landing.identity import contract_of, slot_of
from ingestion.landing.intake import precedence_of
from ingestion.landing.news import news
from ingestion.landing.offers import LandingError, business_dates, files_after
from ingestion.landing.parts import ready, waiting_parts
from ingestion.landing.receipt import Receipt
from ingestion.landing.receive import receive

__all__ = [
    "LandingError",
    "Missing",
    "Receipt",
    "archive_path",
    "business_dates",
    "contract_of",
    "due_date",
    "files_after",
    "held_sentence",
    "missing_deliveries",
    "news",
    "precedence_of",
    "ready",
    "receive",
    "slot_of",
    "waiting_parts",
]
