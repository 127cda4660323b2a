"""A bank whose deliveries differ: the short file that says only what differs."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ingestion.contracts.errors import FeedError
from ingestion.contracts.feed import Delivery, EventWindow, Feed, fixed_date
from ingestion.contracts.types import CheckName


class ColumnOverlay(BaseModel):
    """What differs in one column. Meaning, type, key and protection stay the standard's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    heading: str | None = None
    aliases: list[str] | None = None
    format: str | None = None
    century: int | None = None
    values: dict[str, list[str | int]] | None = None
    constant: str | int | float | bool | dt.date | None = None
    join: list[str] | None = Field(default=None, min_length=2)
    separator: str | None = None
    absent: bool | None = None
    missing: list[str | int] | None = None
    rewrite: list[tuple[str, str]] | None = None
    unit: Literal["yuan", "wan_yuan", "percent"] | None = None
    check: CheckName | None = None
    on_invalid: Literal["refuse", "keep"] | None = None


class FeedOverlay(BaseModel):
    """How one bank delivers one standard feed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str
    owner: str | None = None
    business_date: dt.date | None = None
    delivery: Delivery | None = None
    event_window: EventWindow | None = None
    columns: dict[str, ColumnOverlay] = Field(default_factory=dict)
    ignored: list[str] = Field(default_factory=list)


def apply(overlay: FeedOverlay, standard: Feed, file_name: str) -> dict[str, Any]:
    """The document of `standard` as `overlay` changes it, ready to be validated as a feed.

    Raises:
        FeedError: Where the overlay speaks of what the standard feed has not.
    """
    problems = _problems(overlay, standard, file_name)
    delivery = overlay.delivery or standard.delivery
    if overlay.business_date:
        delivery = fixed_date(delivery, overlay.business_date)
    problems += [
        f"{file_name}: delivery.files.{file.pattern}: the pattern must hold {{date}}, or the"
        " overlay must say business_date."
        for file in delivery.files
        if not file.has_date
    ]
    if problems:
        raise FeedError(problems)
    document = standard.model_dump(by_alias=True)
    document["delivery"] = delivery
    document["ignored"] = overlay.ignored
    if overlay.event_window:
        document["event_window"] = overlay.event_window
    if overlay.owner:
        document["owner"] = overlay.owner
    document["columns"] = [
        _changed(column, overlay.columns.get(column["name"])) for column in document["columns"]
    ]
    return document


def _problems(overlay: FeedOverlay, standard: Feed, file_name: str) -> list[str]:
    if standard.is_internal:
        return [f"{file_name}: feed: {standard.feed} is written by the house and never delivered."]
    problems = []
    known = {column.name: column for column in standard.columns}
    for name, change in overlay.columns.items():
        at = f"{file_name}: columns.{name}: "
        column = known.get(name)
        if column is None:
            problems.append(f"{at}the feed has no such column.")
            continue
        if not change.model_fields_set:
            problems.append(f"{at}says nothing; leave the column out to keep it as it is.")
        if stray := sorted(set(change.values or {}) - set(column.values)):
            allowed = ", ".join(column.values) or "no listed values"
            problems.append(f"{at}{stray[0]!r} is no value of the column (it has {allowed}).")
        if change.separator is not None and change.join is None:
            problems.append(f"{at}separator has a meaning only with join.")
        if change.heading is not None and change.join is not None:
            problems.append(f"{at}say either heading or join.")
        if _is_sole_key(standard, name) and change.constant is not None:
            problems.append(f"{at}is the whole key, so it must not be a constant.")
    return problems


def _is_sole_key(standard: Feed, name: str) -> bool:
    return standard.key == (name,)


def _changed(column: dict[str, Any], change: ColumnOverlay | None) -> dict[str, Any]:
    """The standard column's document with what the overlay says about it."""
    if change is None:
        return column
    said = {name: getattr(change, name) for name in change.model_fields_set}
    said = {name: value for name, value in said.items() if value is not None}
    if "heading" in said:
        # A bank that names the heading means that one: `type` must not be found as an alias
        # of something else, nor the column's own name in a file that uses it otherwise.
        column = {**column, "aliases": [], "match_name": False}
    if "join" in said:
        column = {**column, "match_name": False}
    if "values" in said:
        # Codes the overlay does not list are still codes of the column, delivered by no text.
        said["values"] = said["values"] | {
            canonical: [] for canonical in column["values"] if canonical not in said["values"]
        }
    return {**column, **said}
