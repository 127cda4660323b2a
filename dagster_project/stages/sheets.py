"""Stage deliver: the sheets that are due on a business date, for whoever works with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dagster_project.errors import WrongUsageError
from dagster_project.home import Home
from ingestion.contracts.feed import Feed
from ingestion.contracts.render_template import render_template
from ingestion.ledger import Export, Ledger
from serving import connection, generation
from serving.sheets import write
from serving.sheets.definition import Definition, load_catalogue

# By whom a sheet is exported that the night itself writes.
NIGHT = "night"
_HEAD_OFFICE = """
select organisation_name from crm.dimensional.dim_organisation
where is_current and parent_organisation_id is null and organisation_pk <> -1
order by organisation_id
"""


def deliver(
    home: Home,
    feeds: Mapping[str, Feed],
    *,
    by: str,
    business_date: dt.date | None = None,
    codes: Collection[str] = (),
    customer_id: str | None = None,
) -> list[write.Written]:
    """Write the sheets of a business date and enter each file into the ledger.

    Args:
        home: The home whose published generation is read.
        feeds: The bank's feeds; forms that come back are written as these read them.
        by: Who has them written.
        business_date: The date of the sheets; the published one where none is given.
        codes: The sheets to write, due or not; every due one where none is named.
        customer_id: The customer that sheets on demand are about.

    Returns:
        The files, in the order of the catalogue.

    Raises:
        WrongUsageError: There is no such sheet or customer, a sheet on demand is asked for without
            one, or the date is not published yet.
        ServingError: Nothing is published, or a sheet cannot be made.
    """
    catalogue = _chosen(load_catalogue(), codes, feeds)
    _check_customer(catalogue, customer_id)
    needs_vault = any(each.audience == "vault" for each in catalogue.values())
    opened, published = connection.connect_current(
        home.warehouse, "vault" if needs_vault else "analyst"
    )
    with opened:
        until = _until(published, business_date, catalogue)
        night = write.Night(
            generation=published.number,
            after=_night_before(home, until),
            until=until,
            is_asked_for=bool(codes),
            customer_id=customer_id,
            bank=_bank(opened),
        )
        folder = home.sheets(until)
        written = list(write.write_due(opened, catalogue, night, folder, _forms(feeds)))
    Ledger(home.ledger).record_exports([_export(home, night, each) for each in written], by)
    return written


def _chosen(
    catalogue: dict[str, Definition], codes: Collection[str], feeds: Mapping[str, Feed]
) -> dict[str, Definition]:
    """The sheets that are asked for by name; else those that can fall due."""
    asked = [code.upper() for code in codes]
    if unknown := [code for code in asked if code not in catalogue]:
        raise WrongUsageError(
            f"没有报表 {unknown[0]!r}；报表编号见 crm deliver --list。",
            f"there is no sheet {unknown[0]!r}; crm deliver --list names them",
        )
    return {
        code: each
        for code, each in catalogue.items()
        if (code in asked if asked else _can_fall_due(each, feeds))
    }


def _can_fall_due(sheet: Definition, feeds: Mapping[str, Feed]) -> bool:
    """Not what is about one customer, nor the form of a paper that this bank does not keep."""
    is_kept = sheet.form is None or feeds[sheet.form].is_delivered
    return is_kept and sheet.rhythm != "on_demand"


def _check_customer(asked: Mapping[str, Definition], customer_id: str | None) -> None:
    about = [code for code, each in asked.items() if each.rhythm == "on_demand"]
    if about and customer_id is None:
        raise WrongUsageError(
            f"报表 {about[0]} 针对一个客户，须指明客户号：crm deliver {about[0]} --customer 客户号",
            f"sheet {about[0]} is about one customer; say which:"
            f" crm deliver {about[0]} --customer NUMBER",
        )
    if customer_id is not None and not about:
        raise WrongUsageError(
            "--customer 只用于按客户生成的报表，例如 crm deliver R12 --customer 客户号",
            "--customer is for sheets about one customer, as in: crm deliver R12 --customer NUMBER",
        )


def _until(
    published: generation.Generation,
    asked: dt.date | None,
    catalogue: Mapping[str, Definition],
) -> dt.date:
    """The date of the sheets.

    A sheet of a day shows what stood when that night was published; a later generation has moved
    on, and would put today's customers on the list of an earlier day.
    """
    known = published.business_date
    if asked is None or asked == known:
        return known
    if asked > known:
        raise WrongUsageError(
            f"{asked} 尚未发布，已发布到 {known}；请先运行该夜间任务：crm run",
            f"{asked} is not published yet, {known} is; run its night first: crm run",
        )
    if daily := [c for c, each in catalogue.items() if each.rhythm in ("daily", "on_demand")]:
        raise WrongUsageError(
            f"每日报表（{', '.join(daily)}）只能按已发布的 {known} 生成；"
            f"{asked} 的请用每周或每月报表编号指定，例如 crm deliver R21 --business-date {asked}",
            f"sheets of a day ({', '.join(daily)}) are written for {known} alone, which is"
            f" published; for {asked} name sheets of a week or month, as in:"
            f" crm deliver R21 --business-date {asked}",
        )
    return asked


def _night_before(home: Home, until: dt.date) -> dt.date | None:
    earlier = [
        each.business_date
        for each in Ledger(home.ledger).generations()
        if each.business_date < until
    ]
    return max(earlier, default=None)


def _bank(opened: Any) -> str:
    found = opened.execute(_HEAD_OFFICE).fetchone()
    return str(found[0]) if found else ""


def _forms(feeds: Mapping[str, Feed]) -> write.FormRenderer:
    def form(
        feed: str, rows: Sequence[Mapping[str, Any]], part: str, day: dt.date
    ) -> tuple[str, bytes]:
        reads = feeds[feed]
        # A sheet for one of many goes by the name that says which one.
        pattern = next(
            each
            for each in reads.delivery.files
            if each.format == "xlsx" and ("{part}" in each.file_name) == bool(part)
        )
        name = pattern.file_name.replace("{date}", f"{day:%Y%m%d}").replace("{part}", part)
        return name, render_template(reads, rows)

    return form


def _export(home: Home, night: write.Night, written: write.Written) -> Export:
    return Export(
        generation=night.generation,
        code=written.code,
        from_date=written.period.from_date,
        until_date=written.period.until_date,
        file_name=str(written.path.relative_to(home.exports)),
        sha256=written.sha256,
        row_count=written.rows,
        audience=written.audience,
        purpose=written.purpose,
    )
