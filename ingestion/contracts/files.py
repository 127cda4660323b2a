"""Which delivered file belongs to a feed, and what its name says."""

from __future__ import annotations

import calendar
import codecs
import datetime as dt
import re
import unicodedata
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_PLACEHOLDER_PATTERNS = {
    # Not part of a longer number: account_20250131001 carries no date.
    "date": r"(?<!\d)(?P<date>\d{8}|\d{6})(?!\d)",
    "part": r"(?P<part>.+?)",
    # Nothing, or what people write on a file that takes the place of an earlier one.
    "version": r"(?P<version>(?:[_\-. ]?(?:(?:v|r|rev)\d{1,4}|(?:更正|修订|重报)\d{0,4}"
    r"|[(（](?:更正|修订|重报)\d{0,4}[)）]))?)",
}

Frequency = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "once"]


class Match(NamedTuple):
    """What a file name says: its business date and, where the pattern asks, part and version."""

    date: dt.date
    part: str | None
    version: int = 0


class FilePattern(BaseModel):
    """One kind of file that carries a feed, and how to read it.

    `{date}` in the pattern stands for YYYYMMDD, or for YYYYMM meaning that month's last day;
    `{part}` for whatever tells several files of one date apart (a team, a branch); `{version}`
    for the mark of a correction, or for none: `_v2`, `_R1`, `更正2` (`更正` alone is the first).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    format: Literal["csv", "xlsx"]
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    # A workbook's sheet and the row of its headings; where they are not given, the reader
    # finds the sheets and the row that carry the feed's headings.
    sheet: str | None = None
    header_row: int | None = None
    # What stands in hidden rows and columns is read, hidden sheets are not (`rows`); all of it is
    # read (`load`), or nothing of it (`skip`). It is reported in any case.
    hidden: Literal["rows", "load", "skip"] = "rows"
    # The date of a file whose name tells none.
    business_date: dt.date | None = None

    @model_validator(mode="after")
    def _check(self) -> FilePattern:
        names = _PLACEHOLDER.findall(self.pattern)
        if unknown := sorted(set(names) - set(_PLACEHOLDER_PATTERNS)):
            raise ValueError(
                f"the pattern knows {{date}}, {{part}} and {{version}}, not {{{unknown[0]}}}"
            )
        if any(names.count(name) > 1 for name in names):
            raise ValueError("the pattern may hold {date}, {part} and {version} once each")
        if "/" in self.pattern or "\\" in self.pattern:
            raise ValueError("the pattern is a file name; the landing folder may be nested freely")
        if "date" in names and self.business_date:
            raise ValueError("the pattern holds {date}, so business_date must not be fixed as well")
        _check_reading(self)
        return self

    @property
    def has_date(self) -> bool:
        """Whether the file's name, or the feed, tells the business date."""
        return self.business_date is not None or "{date}" in self.pattern

    @property
    def file_name(self) -> str:
        """The pattern as a sender is told it: a first delivery has no version."""
        return self.pattern.replace("{version}", "")

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        pieces = _PLACEHOLDER.split(unicodedata.normalize("NFC", self.pattern))
        # split() yields literal, placeholder, literal, ...
        expression = "".join(
            _PLACEHOLDER_PATTERNS[piece] if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        )
        return re.compile(expression, re.IGNORECASE)

    def match(self, file_name: str) -> Match | None:
        """What `file_name` says if it is of this pattern, else None.

        >>> pattern = FilePattern(pattern="走访台账_{part}_{date}.xlsx", format="xlsx")
        >>> pattern.match("走访台账_三组_202501.xlsx")
        Match(date=datetime.date(2025, 1, 31), part='三组', version=0)
        >>> pattern.match("走访台账_三组_20250231.xlsx") is None
        True
        """
        found = self._expression.fullmatch(unicodedata.normalize("NFC", file_name))
        if found is None:
            return None
        groups = found.groupdict()
        date = self.business_date if self.business_date else _date(groups.get("date") or "")
        return Match(date, groups.get("part"), _version(groups.get("version"))) if date else None


class Volume(BaseModel):
    """How far a delivery may differ in size from the usual one before it is held.

    The usual size is the median of the rows in the last `after` deliveries of the same kind;
    a feed with fewer is not judged. Where neither has `at_least` rows nobody is alarmed: one
    visit, of a team that makes ten.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    factor: float = Field(default=10.0, gt=1)
    after: int = Field(default=5, ge=1)
    at_least: int = Field(default=50, ge=1)


class Delivery(BaseModel):
    """How often a feed is delivered and by which files; internal feeds never are.

    What is done with a delivery that can be read but is odd is the feed's word: `volume` (off:
    any size is welcome), `restatement` (hold: no file takes the place of a loaded one by itself)
    and `closed_months` (how many months before the one last published a correction may still
    change by itself).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Frequency | None = None
    required: bool = False
    files: tuple[FilePattern, ...] = ()
    internal: bool = False
    volume: Volume | Literal[False] = Volume()
    restatement: Literal["load", "hold"] = "load"
    closed_months: int = Field(default=3, ge=0)

    @model_validator(mode="after")
    def _check(self) -> Delivery:
        if self.internal and (self.files or self.required or self.frequency):
            raise ValueError("an internal feed has no frequency, no files and is never required")
        if not self.internal and not self.files:
            raise ValueError("files must name at least one file pattern (or internal: true)")
        if not self.internal and self.frequency is None:
            raise ValueError("frequency is missing; it says when the delivery is due")
        return self


def _check_reading(file: FilePattern) -> None:
    """Raise ValueError where the reading instructions contradict the format."""
    try:
        codecs.lookup(file.encoding)
    except LookupError:
        raise ValueError(f"encoding {file.encoding!r} is unknown") from None
    if len(file.delimiter) != 1 or len(file.quote) > 1:
        raise ValueError("delimiter must be one character, quote one character or empty")
    if file.delimiter == file.quote:
        raise ValueError("delimiter and quote must differ")
    csv_only = {"encoding", "delimiter", "quote", "header"} & file.model_fields_set
    if file.format == "xlsx" and csv_only:
        raise ValueError(f"{min(csv_only)} has no meaning for an xlsx file")
    if file.format == "csv" and {"sheet", "header_row", "hidden"} & file.model_fields_set:
        raise ValueError("sheet, header_row and hidden have no meaning for a csv file")
    if file.header_row is not None and file.header_row < 1:
        raise ValueError("header_row counts from 1")


def _version(mark: str | None) -> int:
    """The number in the mark of a correction; a mark without one is the first correction."""
    if not mark:
        return 0
    digits = re.search(r"\d+", mark)
    return int(digits[0]) if digits else 1


def _date(digits: str) -> dt.date | None:
    """The date of YYYYMMDD, or the last day of YYYYMM; None where there is no such day."""
    if not digits.isascii() or len(digits) not in (6, 8):
        return None
    year, month = int(digits[:4]), int(digits[4:6])
    if not (year >= 1 and 1 <= month <= 12):
        return None
    last = calendar.monthrange(year, month)[1]
    day = int(digits[6:]) if len(digits) == 8 else last
    return dt.date(year, month, day) if 1 <= day <= last else None
