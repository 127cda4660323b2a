"""The lines of an extract as Arrow batches of text cells, made by threads ahead of the loader."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from ingestion.reading.csv_lines import CsvLines, Stretch
from ingestion.reading.line_scan import Scan
from ingestion.reading.unpacked import count_ends

# Threads that decode: one more than the engine has would only wait for the interpreter.
_DECODERS: Final = 2
# Batches of about a megabyte that wait for the loader, for each stretch that is being decoded.
_MOST_WAITING: Final = 8
_LOOK_SECONDS: Final = 0.1


class _StoppedError(Exception):
    """Nobody wants the batches any more."""


class RecordBatches:
    """The records of one file, in their order: their line numbers and their cells as text.

    Used as a context: at its end no thread is left.

    Args:
        lines: The file.
        width: How many cells a record has.
    """

    def __init__(self, lines: CsvLines, width: int) -> None:
        self._lines = lines
        self._width = width
        self._stretches = lines.stretches()
        self._waiting: list[queue.Queue[pa.RecordBatch | None]] = [
            queue.Queue(_MOST_WAITING) for _ in self._stretches
        ]
        self._scans: dict[int, Scan] = {}
        self._failures: list[BaseException] = []
        self._stopped = threading.Event()
        count = min(_DECODERS, len(self._stretches))
        self._threads = [
            threading.Thread(target=self._decode, args=(range(n, len(self._stretches), count),))
            for n in range(count)
        ]
        cells = [(f"r{place}", pa.string()) for place in range(width)]
        self._schema = pa.schema([("source_row", pa.int64()), *cells])

    def __enter__(self) -> RecordBatches:
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def reader(self) -> Any:
        """A `pyarrow.RecordBatchReader` of source_row (int64) and r0, r1, ... (string).

        An empty cell is null. It ends early where a thread failed: `settle` says why.
        """
        return pa.RecordBatchReader.from_batches(self._schema, self._in_order())

    def settle(self) -> None:
        """Enter into the lines what was found in them, once all batches are read.

        Raises:
            RefusedFileError: If the file as a whole cannot be loaded.
            OpenAtBorderError: If a record goes on behind a stretch.
        """
        if self._failures:
            raise self._failures[0]
        if len(self._scans) < len(self._stretches):
            raise RuntimeError("a decoder ended before its stretch did")
        scans = [self._scans[place] for place in range(len(self._stretches))]
        self._lines.settle(scans, self._stretches)

    def _in_order(self) -> Iterator[pa.RecordBatch]:
        for place in range(len(self._stretches)):
            while (batch := self._next(place)) is not None:
                yield batch
            if self._failures:
                return

    def _next(self, place: int) -> pa.RecordBatch | None:
        """The next batch of a stretch; None at its end, and where its thread is gone."""
        thread = self._threads[place % len(self._threads)]
        while True:
            is_over = not thread.is_alive()
            with contextlib.suppress(queue.Empty):
                return self._waiting[place].get(timeout=_LOOK_SECONDS)
            if is_over:
                return None

    def _decode(self, places: Sequence[int]) -> None:
        for place in places:
            waiting = self._waiting[place]
            try:
                if not self._failures:
                    self._scans[place] = self._pumped(self._stretches[place], waiting)
                self._put(waiting, None)
            except _StoppedError:
                return
            except BaseException as error:  # noqa: BLE001, RUF100 - carried over to the other thread
                self._failures.append(error)
                with contextlib.suppress(_StoppedError):
                    self._put(waiting, None)

    def _pumped(self, stretch: Stretch, waiting: queue.Queue[pa.RecordBatch | None]) -> Scan:
        def write(data: bytes, first: int | None) -> bool:
            batch = self._batch(data, first)
            if batch is not None:
                self._put(waiting, batch)
            return batch is not None

        return self._lines.pump(stretch, write, self._width)

    def _put(
        self, waiting: queue.Queue[pa.RecordBatch | None], batch: pa.RecordBatch | None
    ) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(batch, timeout=_LOOK_SECONDS)
                return
        raise _StoppedError

    def _batch(self, data: bytes, first: int | None) -> pa.RecordBatch | None:
        """Lines as a batch, numbered from `first` on or by the number they begin with.

        None where one of them does not have as many cells as a record.
        """
        is_numbered = first is None
        names = self._schema.names if is_numbered else self._schema.names[1:]
        quote = self._lines.quote
        try:
            table = pa_csv.read_csv(
                pa.BufferReader(data),
                read_options=pa_csv.ReadOptions(
                    use_threads=False, block_size=len(data) + 1, column_names=names
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self._lines.delimiter,
                    quote_char=quote if quote and quote.encode() in data else False,
                    double_quote=True,
                    escape_char=False,
                    newlines_in_values=is_numbered,
                    ignore_empty_lines=False,
                ),
                convert_options=pa_csv.ConvertOptions(
                    check_utf8=False,
                    column_types=self._schema,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            return None
        if first is not None and table.num_rows != count_ends(data):
            return None
        columns = [column.combine_chunks() for column in table.columns]
        if first is not None:
            columns.insert(0, pa.array(np.arange(first, first + table.num_rows)))
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)
