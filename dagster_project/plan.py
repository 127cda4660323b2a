"""What there is to do: the first night, missed dates in order, a published one again, or none."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from dagster_project.errors import AlreadyPublishedError, DeliveriesError
from dagster_project.home import Home
from ingestion.contracts.feed import Feed
from ingestion.ledger import Ledger
from ingestion.sentence import Sentence, shown
from serving import generation as generations


def plan(
    home: Home,
    feeds: dict[str, Feed],
    landing: Path,
    business_date: dt.date | None = None,
    *,
    is_forced: bool = False,
    reference: Path | None = None,
) -> list[dt.date]:
    """The business dates to run now, in order.

    The first night takes everything on offer at once, on its latest date. After that every date on
    offer is a night of its own, missed ones first. Where none is missed, but something waits that
    changes what is published, the published date is run again.

    Args:
        home: The home to run in.
        feeds: What the bank delivers.
        landing: Where its deliveries lie.
        business_date: The last date to run; the latest on offer when None.
        is_forced: Build a published date again.
        reference: Lists the bank keeps beside its feed files.

    Returns:
        The dates; empty when everything on offer is published.

    Raises:
        DeliveriesError: There is nothing to begin with, or no landing folder.
        AlreadyPublishedError: The date asked for is published, and nothing forces it.
    """
    from ingestion import landing as landings

    if not landing.is_dir():
        # An unmounted share must not look like a quiet night.
        raise DeliveriesError(*_nothing_to_begin_with(landing))
    published = generations.current(home.warehouse)
    offered = sorted(landings.business_dates(landing, feeds))
    if published is None:
        if business_date is None and not offered:
            raise DeliveriesError(*_nothing_to_begin_with(landing))
        return [business_date or offered[-1]]
    if business_date is None:
        missed = [date for date in offered if date > published.business_date]
        is_due = not missed and (is_forced or bool(waiting(home, feeds, landing, reference)))
        return [published.business_date] if is_due else missed
    if business_date <= published.business_date:
        is_now = business_date == published.business_date
        if not is_forced and not (is_now and waiting(home, feeds, landing, reference)):
            raise AlreadyPublishedError(
                f"{business_date} 的夜间任务已发布（第 {published.number} 代，业务日期"
                f" {published.business_date}）；如需重建请加 --force。",
                f"the night of {business_date} is published already: generation"
                f" {published.number} speaks of {published.business_date}; --force builds it again",
            )
        return [business_date]
    return [d for d in offered if published.business_date < d < business_date] + [business_date]


def waiting(
    home: Home, feeds: dict[str, Feed], landing: Path, reference: Path | None = None
) -> list[str]:
    """What a night of the published date would change in it, in words; empty where nothing would.

    Files that came late or were mended, deliveries that were released, and those that were taken
    out again. What is held waits for a decision, and a part for the others of its set: neither
    waits for a night.
    """
    from ingestion import landing as landings

    published = generations.current(home.warehouse)
    if published is None or not home.ledger.exists():
        return []
    ledger = Ledger(home.ledger)
    rows = landings.ready(ledger, feeds)
    files = landings.news(landing, feeds, ledger, published.business_date, reference)
    said = [f"delivery {row.delivery_id} ({shown(row.file_name)}) is to be loaded" for row in rows]
    said += [f"{shown(path.name)} is new, or was mended" for path in files]
    if ledger.has_unpublished_changes():
        said.append("deliveries came or went since the last generation")
    return said


def lying_ahead(home: Home, feeds: dict[str, Feed], landing: Path) -> Sentence | None:
    """How many files wait for a night of a later date than the published one, and what reads them.

    Only a daily delivery makes a night of its own, so a sheet of next month lies there until then.
    """
    from ingestion import landing as landings

    published = generations.current(home.warehouse)
    if published is None:
        return None
    files = landings.files_after(landing, feeds, published.business_date)
    if not files:
        return None
    date, path = files[0]
    return Sentence(
        f"报送目录中另有 {len(files)} 个更晚业务日期的文件，最早的是 {date} 的 {shown(path.name)}；"
        f"到该日的夜间任务时读取，如需现在读取：crm run --business-date {date}",
        f"files of later business dates that lie in the landing folder: {len(files)}, the first"
        f" {shown(path.name)} of {date}; the night of that date reads it, or now:"
        f" crm run --business-date {date}",
    )


def _nothing_to_begin_with(landing: Path) -> Sentence:
    if not landing.exists():
        return Sentence(
            f"报送目录 {landing} 不存在；请建立目录并放入报送文件，或用 --landing 指定其他目录。",
            f"the landing folder {landing} does not exist; create it and lay deliveries into it,"
            " or name another with --landing",
        )
    if not landing.is_dir():
        return Sentence(
            f"{landing} 是文件；--landing 须指定存放报送文件的目录。",
            f"{landing} is a file; --landing must name a folder of deliveries",
        )
    files = sum(1 for path in landing.rglob("*") if path.is_file())
    if not files:
        return Sentence(
            f"报送目录 {landing} 为空；请放入报送文件（或试用：crm demo）。",
            f"the landing folder {landing} is empty; lay deliveries into it (or try: crm demo)",
        )
    return Sentence(
        f"{landing} 中的 {files} 个文件都不属于任何接口；应有的文件名见 crm feeds。",
        f"none of the {files} files in {landing} belongs to a feed; crm feeds lists the file names"
        " that are expected",
    )
