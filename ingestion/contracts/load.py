"""Read the feeds: the standard ones, and a bank's overlay over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from ingestion.contracts.bank_file import BANK_FILE, load_bank
from ingestion.contracts.errors import FeedError, sentences
from ingestion.contracts.feed import Feed
from ingestion.contracts.overlay import FeedOverlay, apply
from ingestion.contracts.strict_yaml import read_yaml

FEEDS_DIR: Final = Path(__file__).resolve().parent.parent / "feeds"


def load_feed(path: Path) -> Feed:
    """The standard feed written in `path`.

    Raises:
        FeedError: With one sentence per mistake.
    """
    document = read_yaml(path)
    feed = _validated(path.name, document)
    problems = []
    if feed.feed != path.stem:
        problems.append(f"{path.name}: feed: must be {path.stem}, as the file is named.")
    if "is_delivered" in document:
        problems.append(f"{path.name}: is_delivered: is set by the program, not by the file.")
    problems += [
        f"{path.name}: columns.{column.name}: absent has no meaning in a standard feed; leave"
        " the column out."
        for column in feed.columns
        if column.absent
    ]
    problems += [
        f"{path.name}: delivery.files.{file.pattern}: the pattern must hold {{date}}, or say"
        " business_date."
        for file in feed.delivery.files
        if not file.has_date
    ]
    if problems:
        raise FeedError(problems)
    return feed.model_copy(update={"is_delivered": not feed.is_internal})


def load_feeds(overlay: Path | None = None, *, standard: Path = FEEDS_DIR) -> dict[str, Feed]:
    """All feeds by name, in alphabetical order.

    Args:
        overlay: Folder of a bank's own feed files. With it only the feeds that have a file
            there are delivered; the others stay, as empty tables, with `is_delivered` False. With
            `bank.yml` and no feed file all are delivered as they stand.
        standard: Folder of the standard feeds.

    Raises:
        FeedError: With one sentence per mistake, of all files at once.
    """
    problems: list[str] = []
    feeds: dict[str, Feed] = {}
    for path in _feed_files(standard):
        try:
            feeds[path.stem] = load_feed(path)
        except FeedError as error:
            problems += error.problems
    if problems:
        raise FeedError(problems)
    if overlay is None:
        return feeds
    try:
        load_bank(overlay)
    except FeedError as error:
        problems += error.problems
    for path in _feed_files(overlay):
        try:
            overlaid = _overlaid(path, feeds)
            feeds[overlaid.feed] = overlaid
        except FeedError as error:
            problems += error.problems
    if problems:
        raise FeedError(problems)
    delivered = {path.stem for path in _feed_files(overlay)}
    if not delivered:
        return feeds
    return {
        name: feed.model_copy(update={"is_delivered": name in delivered})
        for name, feed in feeds.items()
    }


def _feed_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FeedError([f"{folder}: is not a folder, so no feeds can be read from it."])
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix in (".yml", ".yaml") and path.name != BANK_FILE
    )
    if not files and not (folder / BANK_FILE).exists():
        raise FeedError([f"{folder}: holds no feed file (*.yml)."])
    return files


def _overlaid(path: Path, feeds: dict[str, Feed]) -> Feed:
    """The standard feed that `path` speaks of, as this bank delivers it."""
    document = read_yaml(path)
    try:
        overlay = FeedOverlay.model_validate(document)
    except ValidationError as error:
        raise FeedError(sentences(path.name, document, error)) from error
    if overlay.feed != path.stem:
        raise FeedError([f"{path.name}: feed: must be {path.stem}, as the file is named."])
    standard = feeds.get(overlay.feed)
    if standard is None:
        raise FeedError(
            [
                f"{path.name}: feed: there is no standard feed {overlay.feed}; put a whole feed"
                " file for it beside the standard ones."
            ]
        )
    return _validated(path.name, apply(overlay, standard, path.name))


def _validated(file_name: str, document: dict[str, Any]) -> Feed:
    try:
        return Feed.model_validate(document)
    except ValidationError as error:
        raise FeedError(sentences(file_name, document, error)) from error
