"""What reading one file for one feed came to, before it is a report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ingestion.batch import AdjustedCell, Doubt, RefusedRow, is_too_much_refused
from ingestion.reading.load import Totals
from ingestion.sentence import Sentence


@dataclass
class Outcome:
    """Counts, refused rows and remarks of one file.

    Attributes:
        rows_in: Physical rows of the file, its heading included.
        not_data: Rows that are declared to be no data.
        counted: Physical rows by the second counter.
        quarantined: Rows refused; all data rows where the file is refused as a whole.
        refused: The refused rows; only the first of them where there are too many.
        totals: Counts and sums of what was loaded; None where the file is refused.
        refusal: Why the file is refused as a whole, if it is.
        adjusted: Cells that were loaded as something else than what was delivered.
        doubts: What does not fit, so that somebody has to decide before the file is loaded.
        notes: Remarks for the operator that refuse nothing.
        is_empty_told: Whether the sender says that there are no rows.
        heading_rows: Row of the headings by sheet, in a workbook.
        is_1904: Whether a workbook's serial dates count from 1904.
        sound: The rows that are not refused, where the file is refused as a whole and is small
            enough for all of them to go back.
        corrected: (sheet, row) -> name of the refused row it puts right; None where the file is
            no correction of single rows.
    """

    rows_in: int
    not_data: int
    counted: int
    quarantined: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    totals: Totals | None = None
    refusal: Sentence | None = None
    adjusted: list[AdjustedCell] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)
    is_empty_told: bool = False
    heading_rows: dict[str, int] = field(default_factory=dict)
    is_1904: bool = False
    sound: list[RefusedRow] = field(default_factory=list)
    corrected: dict[tuple[str | None, int], str] | None = None

    @property
    def data_rows(self) -> int:
        """Rows that are data, loaded or not."""
        return self.rows_in - self.not_data

    def is_too_much(self, refused: int) -> bool:
        """Whether so many refused rows refuse the file; never of rows that were refused before."""
        return self.corrected is None and is_too_much_refused(refused, self.data_rows)

    @property
    def reasons(self) -> Counter[str]:
        """Refused rows by the code of each reason they have."""
        return Counter(
            code for row in self.refused for code in {reason.code for reason in row.reasons}
        )
