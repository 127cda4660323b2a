"""Records that change over time, and which of them changed up to a day."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ingestion.demo_bank.shape import Column, Days, Ints


class ChangeLog:
    """What will change on which day; applied up to a day, it tells whose record changed."""

    def __init__(self) -> None:
        self._pending: list[tuple[Days, Ints, str, Column]] = []

    def record(
        self, days: ArrayLike, rows: ArrayLike, column: str = "", values: ArrayLike = 0
    ) -> None:
        """Note that on each of `days` the row gets a new value; without column: it appears."""
        at = np.atleast_1d(np.asarray(days, np.int32))
        where = np.atleast_1d(np.asarray(rows, np.int64))
        what = np.broadcast_to(np.asarray(values, np.int64), where.shape)
        at = np.broadcast_to(at, where.shape)
        if where.size:
            self._pending.append((at, where, column, what))

    def apply(self, table: object, until: int) -> Ints:
        """Carry out everything noted up to `until`; the rows whose record changed."""
        due_by_column: dict[str, list[tuple[Days, Ints, Column]]] = {}
        kept = []
        for days, rows, column, values in self._pending:
            due = days <= until
            if due.any():
                parts = (days[due], rows[due], values[due])
                due_by_column.setdefault(column, []).append(parts)
            if not due.all():
                kept.append((days[~due], rows[~due], column, values[~due]))
        touched: list[Ints] = []
        for column, found in due_by_column.items():
            days, rows, values = (np.concatenate(part) for part in zip(*found, strict=True))
            # In order of time, so that the last change of a value is the one that stands.
            order = np.argsort(days, kind="stable")
            if column:
                getattr(table, column)[rows[order]] = values[order]
            updated: Days = table.updated  # type: ignore[attr-defined]
            np.maximum.at(updated, rows, days)
            touched.append(rows)
        self._pending = kept
        return np.unique(np.concatenate(touched)) if touched else np.zeros(0, np.int64)
