"""What the lines of an extract turned out to be, counted as they are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.reading.records import BadLine
from ingestion.reading.text_chunk import count_odd_signs


@dataclass
class Scan:
    """What a file's lines turned out to be.

    Attributes:
        lines: Physical lines, the heading included.
        passed_over: Lines that are no record and no damage: blank ones, and those that belong
            to the record of a line before (a line end inside quotes).
        bad: Lines that are no record.
        undecodable: How many of them are damaged.
        is_cut: Whether the last line lacks its line end.
        trailer: The last line where it is no record but speaks of the others.
        behind: Lines from the trailer on, or the end mark where there is none.
        private: Characters of private use, which only the sender's own fonts can show.
        replaced: Marks of characters that were lost before the file was written.
    """

    lines: int = 0
    passed_over: list[int] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    undecodable: int = 0
    is_cut: bool = False
    trailer: bytes | None = None
    behind: int = 0
    private: int = 0
    replaced: int = 0

    def see(self, data: bytes) -> None:
        """Count the odd signs of records that are handed on."""
        private, replaced = count_odd_signs(data)
        self.private += private
        self.replaced += replaced

    def add(self, other: Scan) -> None:
        """Enter what the lines that follow turned out to be."""
        self.lines = other.lines
        self.passed_over += other.passed_over
        self.bad += other.bad
        self.undecodable += other.undecodable
        self.is_cut, self.trailer, self.behind = other.is_cut, other.trailer, other.behind
        self.private += other.private
        self.replaced += other.replaced
