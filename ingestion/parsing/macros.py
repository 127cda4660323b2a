"""Brings the parsers into a DuckDB connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingestion.parsing import (
    capital,
    card,
    clock,
    currency,
    date,
    identity,
    money,
    name,
    number,
    phone,
    signs,
    text,
)

if TYPE_CHECKING:
    import duckdb


def install_parsers(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the parsing macros for this connection; they live as long as it does."""
    numbers = (capital, money, number, date, clock, currency)
    for module in (signs, text, *numbers, identity, card, phone, name):
        for macro in module.macros():
            connection.execute(macro)
