"""A feed: one kind of delivery, told by one yml file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestion.contracts.column import Column, Security
from ingestion.contracts.files import Delivery, FilePattern, Match
from ingestion.contracts.heading_match import (
    HeadingMatch,
    is_unit_of,
    match_headings,
    states_units,
    told_unit,
)
from ingestion.contracts.heading_unit import split_unit
from ingestion.contracts.text import normalise_heading
from ingestion.contracts.types import BUSINESS_DATE, CHECKS, ORIGIN_COLUMNS

__all__ = [
    "Column",
    "Delivery",
    "Feed",
    "FilePattern",
    "HeadingMatch",
    "Match",
    "Security",
    "Title",
]


class Title(BaseModel):
    """The feed's name for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class EventWindow(BaseModel):
    """How far from its delivery's business date an event may lie, in days.

    A visit or posting typed a year wrong would otherwise stretch the bank's history by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    past_days: int = Field(default=400, ge=0)
    future_days: int = Field(default=0, ge=0, le=31)


class Feed(BaseModel):
    """One kind of delivery.

    `kind` says what the absence of a row means: snapshot = the whole list as at the business
    date (absent is gone), change = only records that changed (absent means nothing), event =
    things that happened, each once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str = Field(pattern=r"^[a-z][a-z0-9]*__[a-z][a-z0-9]*(_[a-z0-9]+)*$")
    title: Title
    grain: str = Field(pattern=r"^One row per .+\.$")
    owner: str = Field(min_length=1)
    kind: Literal["snapshot", "change", "event"]
    delivery: Delivery
    key: tuple[str, ...] = Field(min_length=1)
    event_date: str | None = None
    # Of event feeds alone; the usual one where it is left out.
    event_window: EventWindow | None = None
    columns: tuple[Column, ...] = Field(min_length=1)
    # What whoever works through a prepared list fills in (`crm deliver` prepares it): a row of a
    # workbook that says nothing in any of these was not worked on, and is no data.
    answers: tuple[str, ...] = ()
    # Delivered headings that are deliberately not loaded.
    ignored: tuple[str, ...] = ()
    # Whether this bank delivers the feed; set by the loader.
    is_delivered: bool = True

    @model_validator(mode="after")
    def _check(self) -> Feed:
        names = [column.name for column in self.columns]
        if doubled := _first_doubled(names):
            raise ValueError(f"column {doubled} is declared twice")
        if reserved := sorted(set(names) & {BUSINESS_DATE, *ORIGIN_COLUMNS}):
            raise ValueError(f"column {reserved[0]} is kept for the house's own use")
        if unknown := [name for name in self.key if name not in names]:
            raise ValueError(f"key names {unknown[0]}, which is no column")
        if doubled := _first_doubled(self.key):
            raise ValueError(f"key names {doubled} twice")
        if all(not self.column(name).is_read for name in self.key) and not self.is_internal:
            raise ValueError("no column of the key is delivered, so rows cannot be told apart")
        _check_event_date(self)
        _check_headings(self)
        _check_checks(self)
        _check_totals(self)
        _check_answers(self)
        return self

    @property
    def source(self) -> str:
        """Short code of the delivering system: `corebank`."""
        return self.feed.split("__")[0]

    @property
    def entity(self) -> str:
        """What a row is about: `account`."""
        return self.feed.split("__")[1]

    @property
    def is_internal(self) -> bool:
        """Whether the house writes the feed itself, as scores and pseudonyms."""
        return self.delivery.internal

    def column(self, name: str) -> Column:
        """The column called `name`.

        Raises:
            KeyError: If there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.feed} has no column {name}")

    @property
    def window(self) -> EventWindow | None:
        """The window its events must lie in; None where the feed is none of dated events."""
        if self.kind != "event" or self.event_date is None or self.is_internal:
            return None
        return self.event_window or EventWindow()

    def bounded(self, business_date: dt.date) -> Feed:
        """The feed with its event date bounded by the window around a delivery's date."""
        window = self.window
        if window is None or self.event_date is None:
            return self
        column = self.column(self.event_date)
        earliest = business_date - dt.timedelta(days=window.past_days)
        latest = business_date + dt.timedelta(days=window.future_days)
        least, most = column.min, column.max
        narrowed = column.model_copy(
            update={
                "min": max(earliest, least) if isinstance(least, dt.date) else earliest,
                "max": min(latest, most) if isinstance(most, dt.date) else latest,
            }
        )
        columns = tuple(narrowed if each is column else each for each in self.columns)
        return self.model_copy(update={"columns": columns})

    def match(self, file_name: str) -> tuple[FilePattern, Match] | None:
        """The first file pattern that `file_name` fits, with what the name says."""
        if not self.is_delivered:
            return None
        for pattern in self.delivery.files:
            if found := pattern.match(file_name):
                return pattern, found
        return None

    @cached_property
    def known_headings(self) -> frozenset[str]:
        """Every normalised heading that a delivered file may carry, ignored ones included."""
        known = {name for column in self.columns for name in column.headings}
        return frozenset(known | {normalise_heading(heading) for heading in self.ignored})

    def control_date(self, file_name: str) -> dt.date | None:
        """The date of the feed's file that `file_name` is the companion of; None if it is none."""
        if not self.is_delivered:
            return None
        dates = (pattern.control_date(file_name) for pattern in self.delivery.files)
        return next((date for date in dates if date is not None), None)

    def is_control_file(self, file_name: str) -> bool:
        """Whether `file_name` is the companion of one of the feed's files."""
        return self.control_date(file_name) is not None

    def match_headings(self, headings: Sequence[str | None]) -> HeadingMatch:
        """How the headings of a delivered file stand to the columns.

        Args:
            headings: As delivered, left to right; None or blank where a column has none.
        """
        return match_headings(self.columns, self.known_headings, headings)


def _check_event_date(feed: Feed) -> None:
    if feed.event_window is not None and (feed.kind != "event" or feed.event_date is None):
        raise ValueError("event_window has a meaning only for an event feed with event_date")
    if feed.event_date is None:
        if feed.kind == "event" and not feed.is_internal:
            raise ValueError("an event feed needs event_date, or late rows rebuild nothing")
        return
    names = [column.name for column in feed.columns]
    if feed.event_date not in names:
        raise ValueError(f"event_date names {feed.event_date}, which is no column")
    column = feed.column(feed.event_date)
    if column.type != "date" or not column.required:
        raise ValueError(f"event_date {column.name} must be a required column of type date")


def _check_checks(feed: Feed) -> None:
    """Raise ValueError where a row cannot say what its text must be, or one key has two texts."""
    before: dict[str, Column] = {}
    for column in feed.columns:
        is_time = column.check == "clock_time" and column.precision is None
        if is_time and column.name in feed.key:
            raise ValueError(
                f"{column.name} is of the key and needs a precision: 14:30 and 14:30:00 are two"
            )
        if column.check_by is not None:
            named = before.get(column.check_by)
            if named is None or named.type != "code":
                raise ValueError(
                    f"check_by of {column.name} must name a code column that stands before it"
                )
            if not set(named.values) & set(CHECKS):
                raise ValueError(
                    f"no value of {named.name} is a check; there are {', '.join(CHECKS)}"
                )
        before[column.name] = column


def _check_headings(feed: Feed) -> None:
    """Raise ValueError where one delivered heading could mean two columns.

    A heading may feed several columns only where each of them claims it on purpose: by a join,
    or by an overlay's heading (`match_name` off).
    """
    claims: dict[str, list[Column]] = {}
    for column in feed.columns:
        for heading in column.headings:
            claims.setdefault(heading, []).append(column)
    for heading, columns in claims.items():
        guessing = [c for c in columns if not c.join and c.match_name]
        if len(columns) > 1 and guessing:
            both = " and ".join(c.name for c in columns)
            raise ValueError(
                f"heading {heading!r} would mean {both}; give {guessing[0].name} another heading"
                " or say absent: true"
            )
    for column in feed.columns:
        for heading in column.headings:
            unit = split_unit(heading)[1]
            if unit and states_units(column, unit) and not is_unit_of(column, unit):
                raise ValueError(
                    f"heading {heading!r} of {column.name} states another unit than"
                    f" {told_unit(column)[1]}"
                )
    for ignored in feed.ignored:
        if normalise_heading(ignored) in claims:
            raise ValueError(f"heading {ignored!r} is both ignored and read")


def _first_doubled(names: Sequence[str]) -> str | None:
    return next((name for index, name in enumerate(names) if name in names[:index]), None)


def _check_totals(feed: Feed) -> None:
    """Raise ValueError where a total is told of what is no amount."""
    amounts = {column.name for column in feed.columns if column.type == "money" and column.is_read}
    for file in feed.delivery.files:
        for teller in (file.trailer, file.control):
            if teller is not None and (stray := sorted(set(teller.totals) - amounts)):
                raise ValueError(
                    f"{file.pattern} tells a total of {stray[0]}, which is no delivered amount"
                )


def _check_answers(feed: Feed) -> None:
    """Raise ValueError where a row without answers could not be told from a whole one."""
    named = [column for column in feed.columns if column.name in feed.answers]
    if unknown := sorted(set(feed.answers) - {column.name for column in named}):
        raise ValueError(f"answers names {unknown[0]}, which is no column")
    if named and not any(column.required for column in named):
        raise ValueError("answers needs a required column, or rows without any are whole")


def fixed_date(delivery: Delivery, business_date: dt.date) -> Delivery:
    """`delivery` with the date of every file whose name tells none."""
    files = tuple(
        file if file.has_date else file.model_copy(update={"business_date": business_date})
        for file in delivery.files
    )
    return delivery.model_copy(update={"files": files})
