"""Which delivered file belongs to a feed, and what its name says."""

from __future__ import annotations

import calendar
import codecs
import datetime as dt
import itertools
import re
import unicodedata
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestion.contracts.extracts import Control, FixedField, Span, Trailer

Frequency = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "once"]
Compression = Literal["gzip", "zstd"]

_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_PLACEHOLDER_PATTERNS = {
    # Not part of a longer number: account_20250131001 carries no date.
    "date": r"(?<!\d)(?P<date>\d{8}|\d{6})(?!\d)",
    "part": r"(?P<part>.+?)",
    # Nothing, or what people write on a file that takes the place of an earlier one.
    "version": r"(?P<version>(?:[_\-. ]?(?:(?:v|r|rev)\d{1,4}|(?:更正|修订|重报)\d{0,4}"
    r"|[(（](?:更正|修订|重报)\d{0,4}[)）]))?)",
    "parts": r"(?P<parts>\d{1,3})",
}
_NUMBERED_PART = r"(?P<part>\d{1,3})"
_COMPRESSIONS: Final[dict[str, Compression]] = {".gz": "gzip", ".zst": "zstd"}


class Match(NamedTuple):
    """What a file name says: its business date and, where the pattern asks, part and version.

    `parts` is how many files belong together, where the name or the feed says so.
    """

    date: dt.date
    part: str | None
    version: int = 0
    parts: int | None = None


class FilePattern(BaseModel):
    """One kind of file that carries a feed, and how to read it.

    `{date}` in the pattern stands for YYYYMMDD, or for YYYYMM meaning that month's last day;
    `{part}` for whatever tells several files of one date apart (a team, a branch), `{parts}` for
    how many there are, where they are numbered; `{version}` for the mark of a correction, or for
    none: `_v2`, `_R1`, `更正2` (`更正` alone is the first). A pattern that ends in `.gz` or `.zst`
    stands for compressed files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    format: Literal["csv", "fixed", "xlsx"]
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    # Whether the sender ends the last line too: then a file that does not was cut off.
    ends_last_line: bool = True
    # The fields of a line of fixed width; places in bytes, as mainframes count them.
    fields: tuple[FixedField, ...] = ()
    trailer: Trailer | None = None
    control: Control | None = None
    # How many files of one date belong together, where neither name nor control file says it.
    parts: int | None = Field(default=None, ge=2)
    # A workbook's sheet and the row of its headings; where they are not given, the reader
    # finds the sheets and the row that carry the feed's headings.
    sheet: str | None = None
    header_row: int | None = None
    # What stands in hidden rows and columns is read, hidden sheets are not (`rows`); all of it is
    # read (`load`), or nothing of it (`skip`). It is reported in any case.
    hidden: Literal["rows", "load", "skip"] = "rows"
    # The date of a file whose name tells none.
    business_date: dt.date | None = None

    @model_validator(mode="before")
    @classmethod
    def _default_header(cls, document: Any) -> Any:
        """A file of fixed width has no heading line unless it is said to have one."""
        if isinstance(document, dict) and document.get("format") == "fixed":
            return {"header": False, **document}
        return document

    @model_validator(mode="after")
    def _check(self) -> FilePattern:
        names = _PLACEHOLDER.findall(self.pattern)
        if unknown := sorted(set(names) - set(_PLACEHOLDER_PATTERNS)):
            raise ValueError(
                "the pattern knows {date}, {part}, {parts} and {version}, not"
                f" {{{unknown[0]}}}"
            )
        if any(names.count(name) > 1 for name in names):
            raise ValueError("the pattern may hold {date}, {part}, {parts}, {version} once each")
        _check_parts(self, names)
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

    @property
    def compression(self) -> Compression | None:
        """How the files are compressed, by the pattern's own ending."""
        endings = (kind for end, kind in _COMPRESSIONS.items() if self._ends_in(end))
        return next(endings, None)

    @property
    def is_in_parts(self) -> bool:
        """Whether its files are loaded only when all that belong together are there."""
        said_by_control = self.control is not None and self.control.parts is not None
        return self.parts is not None or "{parts}" in self.pattern or said_by_control

    def control_date(self, file_name: str) -> dt.date | None:
        """The date of the file that `file_name` is the companion of; None where it is none."""
        if self.control is None:
            return None
        extract = self.control.extract_name(file_name, self.pattern.rpartition(".")[2])
        found = self.match(extract) if extract is not None else None
        return found.date if found is not None else None

    def _ends_in(self, ending: str) -> bool:
        return self.pattern.casefold().endswith(ending)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        pieces = _PLACEHOLDER.split(unicodedata.normalize("NFC", self.pattern))
        known = dict(_PLACEHOLDER_PATTERNS)
        if "parts" in pieces[1::2]:
            known["part"] = _NUMBERED_PART
        # split() yields literal, placeholder, literal, ...
        expression = "".join(
            known[piece] if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)
        )
        return re.compile(expression, re.IGNORECASE)

    def match(self, file_name: str) -> Match | None:
        """What `file_name` says if it is of this pattern, else None.

        >>> pattern = FilePattern(pattern="走访台账_{part}_{date}.xlsx", format="xlsx")
        >>> pattern.match("走访台账_三组_202501.xlsx")
        Match(date=datetime.date(2025, 1, 31), part='三组', version=0, parts=None)
        >>> pattern.match("走访台账_三组_20250231.xlsx") is None
        True
        """
        found = self._expression.fullmatch(unicodedata.normalize("NFC", file_name))
        if found is None:
            return None
        groups = found.groupdict()
        date = self.business_date if self.business_date else _date(groups.get("date") or "")
        if date is None:
            return None
        part, parts = groups.get("part"), self.parts
        if "parts" in groups:
            # 01 of 03 and 1 of 3 are the same part.
            part, parts = str(int(groups["part"])), int(groups["parts"])
            if not 1 <= int(part) <= parts:
                return None
        return Match(date, part, _version(groups.get("version")), parts)


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
    # Whether a file without a single row is an ordinary delivery.
    may_be_empty: bool = False

    @model_validator(mode="after")
    def _check(self) -> Delivery:
        if self.internal and (self.files or self.required or self.frequency):
            raise ValueError("an internal feed has no frequency, no files and is never required")
        if not self.internal and not self.files:
            raise ValueError("files must name at least one file pattern (or internal: true)")
        if not self.internal and self.frequency is None:
            raise ValueError("frequency is missing; it says when the delivery is due")
        return self


def _check_parts(file: FilePattern, names: list[str]) -> None:
    """Raise ValueError where parts are counted that cannot be told apart."""
    if "parts" in names and file.parts is not None:
        raise ValueError("the number of parts stands in the name, so parts must not be fixed too")
    if file.is_in_parts and "part" not in names:
        raise ValueError("files in parts need {part} in the pattern, to be told apart")


def _check_reading(file: FilePattern) -> None:
    """Raise ValueError where the reading instructions contradict the format."""
    _check_encoding(file.encoding)
    if len(file.delimiter) != 1 or len(file.quote) > 1:
        raise ValueError("delimiter must be one character, quote one character or empty")
    if file.delimiter == file.quote:
        raise ValueError("delimiter and quote must differ")
    foreign = _FOREIGN_SETTINGS[file.format] & file.model_fields_set
    if foreign:
        article = "an" if file.format == "xlsx" else "a"
        raise ValueError(f"{min(foreign)} has no meaning for {article} {file.format} file")
    if file.header_row is not None and file.header_row < 1:
        raise ValueError("header_row counts from 1")
    if file.format == "xlsx" and file.compression is not None:
        raise ValueError("a workbook is compressed already")
    if file.format == "fixed":
        _check_fields(file.fields)
    if file.control is not None:
        _check_encoding(file.control.encoding)
    if file.trailer is not None:
        wanted, told = (Span, "start and length") if file.format == "fixed" else (int, "a number")
        if not all(isinstance(place, wanted) for place in file.trailer.places):
            raise ValueError(f"the places of a {file.format} file's trailer are each {told}")


_EXTRACT_SETTINGS = {"encoding", "header", "ends_last_line", "trailer"}
_FOREIGN_SETTINGS = {
    "csv": {"sheet", "header_row", "hidden", "fields"},
    "fixed": {"sheet", "header_row", "hidden", "delimiter", "quote"},
    "xlsx": _EXTRACT_SETTINGS | {"delimiter", "quote", "fields"},
}


def _check_encoding(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError(f"encoding {encoding!r} is unknown") from None
    # Lines are told apart before they are decoded.
    if "\n0A".encode(encoding) != b"\n0A":
        raise ValueError(f"encoding {encoding!r} does not write line ends and digits as ASCII does")


def _check_fields(fields: tuple[FixedField, ...]) -> None:
    if not fields:
        raise ValueError("a fixed file needs fields: heading, start and length of each")
    headings = [field.heading for field in fields]
    if doubled := [heading for heading in headings if headings.count(heading) > 1]:
        raise ValueError(f"fields name the heading {doubled[0]} twice")
    ordered = sorted(fields, key=lambda field: field.start)
    for before, after in itertools.pairwise(ordered):
        if after.start <= before.end:
            raise ValueError(f"the fields {before.heading} and {after.heading} overlap")


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
